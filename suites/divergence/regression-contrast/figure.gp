# Drift of the empirical NTK under squared loss and under cross-entropy: along the flow, and its
# largest value.
squared = data."/trajectories.tsv"
crossed = data."/controls/cross-entropy/trajectories.tsv"
squared_runs = data."/runs.tsv"
crossed_runs = data."/controls/cross-entropy/runs.tsv"

stats squared_runs using 2 nooutput
narrow = STATS_min; wide = STATS_max
widths = steps(narrow, wide)
width(i) = step(narrow, i)
stats squared_runs using (strcol(1) eq "erf" && $2 == narrow ? $4 : NaN) nooutput
level = STATS_mean

set multiplot layout 1,2
set bmargin 6
set key outside below center
set logscale y
set format y "10^{%T}"
set title "erf: squared loss (solid), cross-entropy (dotted)"
set xlabel "log t"
set ylabel "drift ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖  (Frobenius)"
set xrange [-4:14]
set yrange [1e-5:5]
plot for [i=1:widths] squared using (pick("erf", width(i)) ? $3 : NaN):14:15 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] squared using (pick("erf", width(i)) ? $3 : NaN):13 with lines ls i \
         title sprintf("m = %d", width(i)), \
     for [i=1:widths] crossed using (pick("erf", width(i)) ? $3 : NaN):13 with lines \
         ls i dashtype 3 notitle

# smooth unique: the mean over seeds.
set title "largest drift"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xrange [narrow / 1.3 : wide * 1.3]
set yrange [level / 60 : 15]
set label 1 "cross-entropy, log t ≤ 2.3 + 2√m" at narrow, 6
set label 2 "squared loss, all t" at narrow, level / 10
plot squared_runs using (is("erf")):4 smooth unique with linespoints ls 1 pt 7 title "erf", \
     squared_runs using (is("relu")):4 smooth unique with linespoints ls 5 pt 5 title "relu", \
     crossed_runs using (is("erf")):4 smooth unique with linespoints ls 1 dashtype 3 pt 7 notitle, \
     crossed_runs using (is("relu")):4 smooth unique with linespoints ls 5 dashtype 3 pt 5 notitle, \
     1.6 * level * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}"
unset multiplot
