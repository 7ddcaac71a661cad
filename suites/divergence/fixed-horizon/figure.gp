# Drift of the empirical NTK: against log t at each width, and up to three fixed times against the
# width.
paths = data."/trajectories.tsv"
runs = data."/runs.tsv"
control = data."/controls/mean-field/runs.tsv"

stats runs using 2 nooutput
narrow = STATS_min; wide = STATS_max
widths = steps(narrow, wide)
width(i) = step(narrow, i)
times = "3 7 11"
array level[3]   # of the labels, at the widest network
do for [i=1:3] {
    stats runs using ($2 == wide ? log(column(3 + i)) : NaN) nooutput
    level[i] = exp(STATS_mean)
}
stats runs using (strcol(1) eq "erf" && $2 == narrow ? $6 : NaN) nooutput
start = 12 * STATS_mean

set multiplot layout 1,2
set bmargin 7.5
set key outside below center
set logscale y
set format y "10^{%T}"
set title "one-hot, erf: drift along the flow"
set xlabel "log t"
set ylabel "drift ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖  (Frobenius)"
set xrange [-4:11]
set yrange [1e-5:5]
set for [i=1:3] arrow i from real(word(times, i)), 1e-5 to real(word(times, i)), 5 nohead ls 101
plot for [i=1:widths] paths using (pick("erf", width(i)) ? $3 : NaN):14:15 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] paths using (pick("erf", width(i)) ? $3 : NaN):13 with lines ls i \
         title sprintf("m = %d", width(i))
unset arrow

# smooth unique: the mean over seeds.
set title "largest drift up to log t"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xrange [narrow / 1.3 : wide * 5]
set xtics narrow, 4
set yrange [level[1] / 5 : 60]
set for [i=1:3] label i "log t ≤ ".word(times, i) at wide * 1.15, level[i] textcolor ls i
set label 4 "mean field, log t ≤ 11" at narrow, 32 textcolor ls 8
plot for [i=1:3] runs using (is("erf")):3 + i smooth unique with linespoints ls i pt 7 notitle, \
     for [i=1:3] runs using (is("relu")):3 + i smooth unique with linespoints \
         ls i dashtype 2 pt 5 notitle, \
     control using (is("erf")):6 smooth unique with linespoints ls 8 pt 7 title "erf", \
     control using (is("relu")):6 smooth unique with linespoints ls 8 dashtype 2 pt 5 title "relu", \
     start * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}"
unset multiplot
