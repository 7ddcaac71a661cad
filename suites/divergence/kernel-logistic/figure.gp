# Gap between the network and kernel logistic regression: along the flow, and against the width.
paths = data."/trajectories.tsv"
soft = data."/controls/soft-targets/trajectories.tsv"
runs = data."/runs.tsv"

stats runs using 2 nooutput
narrow = STATS_min; wide = STATS_max
widths = steps(narrow, wide)
width(i) = step(narrow, i)
stats paths using 3 nooutput
last = STATS_max
array level[3]   # of the labels, at the widest network: regression with Θ̂_0, with Θ, \
    with Θ̂_0 on the growing horizon
do for [i=1:3] {
    stats runs using ($2 == wide ? log(column(3 + i)) : NaN) nooutput
    level[i] = exp(STATS_mean)
}
stats runs using (strcol(1) eq "erf" && $2 == narrow ? $5 : NaN) nooutput
falling = 2 * STATS_mean
stats runs using (strcol(1) eq "erf" && $2 == narrow ? $6 : NaN) nooutput
rising = 1.6 * STATS_mean

set multiplot layout 1,2
set bmargin 6
set key outside below center
set logscale y
set format y "10^{%T}"
set title "erf: one-hot (solid) and soft targets (dotted)"
set xlabel "log t"
set ylabel "gap |f_t − g_t|, largest over points so far"
set xrange [-4:last]
set yrange [1e-4:100]
set arrow from 4, 1e-4 to 4, 100 nohead ls 101
plot for [i=1:widths] paths using (pick("erf", width(i)) ? $3 : NaN):17:18 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] paths using (pick("erf", width(i)) ? $3 : NaN):16 with lines ls i \
         title sprintf("m = %d", width(i)), \
     for [i=1:widths] soft using (pick("erf", width(i)) ? $3 : NaN):16 with lines ls i dashtype 3 notitle
unset arrow

# smooth unique: the mean over seeds.
set title "largest gap up to a time"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xrange [narrow / 1.3 : wide * 8]
set xtics narrow, 4
set yrange [level[1] / 5 : 100]
set label 1 "Θ̂_0, log t ≤ 4" at wide * 1.15, level[1] / 1.2 textcolor ls 1
set label 2 "Θ, log t ≤ 4" at wide * 1.15, level[2] / 1.6 textcolor ls 3
set label 3 "Θ̂_0, ≤ 4 + 2√m" at wide * 1.15, level[3] / 1.2 textcolor ls 2
array style[3] = [1, 3, 2]
plot for [i=1:3] runs using (is("erf")):3 + i smooth unique with linespoints ls style[i] pt 7 notitle, \
     for [i=1:3] runs using (is("relu")):3 + i smooth unique with linespoints \
         ls style[i] dashtype 2 pt 5 notitle, \
     NaN with linespoints ls 8 pt 7 title "erf", \
     NaN with linespoints ls 8 dashtype 2 pt 5 title "relu", \
     falling * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", \
     rising * sqrt(x / narrow) with lines ls 101 title "m^{1/2}"
unset multiplot
