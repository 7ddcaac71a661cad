# The digits, as they are: the reference x on the left, four rows of images.
images = joined("images")
reference = joined("reference")
eval span("across_images", "images", 'col("left")')
eval span("down_images", "images", 'col("down")')
eval span("side", "reference", 'col("left")')
rows_of_images = 2 + 2
left = side_high + 0.5 * side_high   # of the images, from the reference's own left
middle(k) = (down_images_high + 1) * (k - 0.5) / rows_of_images

# Square pixels.
usual_height = (across - left_margin - right_margin) * down_images_high / (across_images_high + left)
eval figure("1", "0", "1")
eval panel(1, "a reference x, and what it is compared with")
set xrange [-1 : across_images_high + left + 1]
set yrange [down_images_high + 1 : -1]
set palette defined (0 "#ffffff", 1 "#101820")
set cbrange [0:255]
unset colorbox
unset grid
unset border
unset xtics
names = sprintf("'deformed\nα = %s' 'moved\nα = %s' 'same\nlabel' 'any\nlabel'", \
    last(claim_strengths), first(claim_strengths))
set ytics scale 0 ("" 0)
set for [k=1:rows_of_images] ytics add (word(names, k) middle(k))
set label 1 "x" at 0.5 * side_high, side_high + 0.25 * side_high center
plot images using (col("left") + left):(col("down")):(col("pixel")) with image, \
    reference using (col("left")):(col("down")):(col("pixel")) with image
eval finish
