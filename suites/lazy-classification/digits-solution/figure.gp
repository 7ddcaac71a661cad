# Ten digits: distance of the network to its kernel solutions, and the accuracies side by side.
runs = data."/runs.tsv"
wrong = data."/controls/wrong-lambda/runs.tsv"
names = "'f^* with Θ̂_0' 'f^* with Θ'"
models = "'network' 'linearised network' 'infinite width'"

stats runs using 2 nooutput
narrow = STATS_min; wide = STATS_max
array level[2]   # of the errors at the narrowest width
do for [i=1:2] {
    stats runs using ($2 == narrow ? column(3 + i) : NaN) nooutput
    level[i] = STATS_mean
}
stats runs using 4 nooutput
least = STATS_min
stats runs using 9 nooutput
centre = STATS_mean

set multiplot layout 1,2
set bmargin 6.5
set key outside below center horizontal maxcols 3 spacing 1
set xlabel "hidden width m"
set logscale x 2
set xrange [narrow / 1.4 : wide * 1.4]

# smooth unique: the mean over seeds.
set title "distance at the end"
set ylabel "largest |f_T − f^*| over all images"
set logscale y
set format y "10^{%T}"
set yrange [least / 2 : 4 * level[2]]
beside(i) = 1.05**(2 * i - 3)   # the two, side by side
plot for [i=1:2] runs using ($2 * beside(i)):3 + i with points ls i pt 6 ps 0.5 notitle, \
     for [i=1:2] runs using ($2 * beside(i)):3 + i smooth unique with lines ls i title word(names, i), \
     wrong using 2:4 smooth unique with linespoints ls 4 title "wrong λ", \
     1.5 * level[2] * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", \
     0.6 * level[1] * narrow / x with lines ls 101 title "m^{−1}"

set title "accuracy on test images, mean over seeds"
set ylabel "part of the test images that is right"
unset logscale y
set format y "%g"
set yrange [centre - 0.12 : centre + 0.12]
plot for [i=1:3] runs using 2:8 + i smooth unique with linespoints ls i title word(models, i)
unset multiplot
