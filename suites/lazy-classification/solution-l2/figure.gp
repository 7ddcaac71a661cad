# Distance of the network to the kernel logistic regression: along the flow, and at its end against
# the width.
paths = data."/trajectories.tsv"
runs = data."/runs.tsv"
wrong = data."/controls/wrong-lambda/runs.tsv"
networks = "erf gelu-2-k3"
titles = "'erf, K = 2' 'gelu-2, K = 3'"

stats paths using 3 nooutput
last = STATS_max
stats runs using 2 nooutput
first = STATS_min; widest = STATS_max   # of all networks
stats runs using (is("erf")) nooutput
narrow = STATS_min; wide = STATS_max
widths = steps(narrow, wide)
array level[2]   # of the errors of erf at the narrowest width: with Θ̂_0, with Θ
do for [i=1:2] {
    stats runs using (pick("erf", narrow) ? column(3 + i) : NaN) nooutput
    level[i] = STATS_mean
}
stats runs using (pick("erf", wide) ? $4 : NaN) nooutput
least = STATS_min

set multiplot layout 1,2
set bmargin 6.5
set key outside below center horizontal maxcols 3 spacing 1
set logscale y
set format y "10^{%T}"
set yrange [least / 2 : 6]
set title "erf: distance along the flow"
set xlabel "log t"
set ylabel "largest |f_t − f^*| over all points"
set xrange [-4:last]
plot for [i=1:widths] paths using (pick("erf", step(narrow, i)) ? $3 : NaN):17:18 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] paths using (pick("erf", step(narrow, i)) ? $3 : NaN):16 with lines ls i \
         title sprintf("m = %d", step(narrow, i))

# smooth unique: the mean over seeds.
set title "at the end: f^* with Θ̂_0 (solid), with Θ (dotted)"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xrange [first / 1.3 : widest * 1.3]
plot for [k=1:2] runs using (is(word(networks, k))):4 smooth unique with linespoints ls k \
    title word(titles, k), \
     for [k=1:2] runs using (is(word(networks, k))):5 smooth unique with linespoints \
         ls k dashtype 3 notitle, \
     wrong using (is("erf")):4 smooth unique with linespoints ls 4 title "wrong λ", \
     1.7 * level[2] * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", \
     0.5 * level[1] * narrow / x with lines ls 101 title "m^{−1}"
unset multiplot
