# The digits, as they are: the reference on the left, four rows of images.
images = data."/images.tsv"
reference = data."/reference.tsv"
stats images using 1 nooutput
wide = STATS_max
stats images using 2 nooutput
high = STATS_max
unset border
unset tics
unset grid
unset key
unset colorbox
set palette defined (0 "#ffffff", 1 "#101820")
set cbrange [0:255]
left = 0.36 * wide
part = 0.98 * 16 / 9.0 * (high + 4) / (wide + left + 2) # of the figure's height: square pixels
set lmargin at screen 0.01
set rmargin at screen 0.99
set bmargin at screen 0.5 - part / 2
set tmargin at screen 0.5 + part / 2
set xrange [-left : wide + 2]
set yrange [high + 2 : -2]
middle(k) = (high + 3) / 4.0 * (k + 0.5)
set label 1 "deformed,\nα = 3" at -6, middle(0) - 3 right
set label 2 "deformed,\ntranslated,\nα = 1" at -6, middle(1) - 6 right
set label 3 "same label" at -6, middle(2) right
set label 4 "any label" at -6, middle(3) right
set label 5 "reference" at -left + 16, middle(0) + 19 center
plot images using 1:2:3 with image, \
     reference using ($1 - left + 2):($2 + 1):3 with image
