# Drift of the empirical NTK on ten digits under L2: along the flow, and its supremum against the
# width.
paths = data."/trajectories.tsv"
zero = data."/controls/towards-zero/trajectories.tsv"
runs = data."/runs.tsv"
zero_runs = data."/controls/towards-zero/runs.tsv"
networks = "erf erf-2"
widths = 3

stats runs using (is("erf")) nooutput
narrow = STATS_min; wide = STATS_max
array width[3]
do for [i=1:widths] { width[i] = narrow * (wide / narrow)**((i - 1.) / (widths - 1)) }
stats runs using (pick("erf", narrow) ? $4 : NaN) nooutput
level = STATS_mean

set multiplot layout 1,2
set key top left
set logscale y
set format y "10^{%T}"
set title "erf: L2 towards θ_0 (solid), towards zero (dotted)"
set xlabel "log t"
set ylabel "drift ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖  (Frobenius)"
set xrange [-4:7]
set yrange [1e-5:20]
plot for [i=1:widths] paths using (pick("erf", width[i]) ? $3 : NaN):14:15 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] paths using (pick("erf", width[i]) ? $3 : NaN):13 with lines ls i \
         title sprintf("m = %d", width[i]), \
     for [i=1:widths] zero using (pick("erf", width[i]) ? $3 : NaN):13 with lines ls i dashtype 3 notitle

# smooth unique: the mean over seeds.
set title "largest drift over all time"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xtics narrow, width[2] / narrow
set xrange [12:wide * 1.3]
set yrange [level / (tier eq "full" ? 300 : 40):6]
set key inside bottom left
set label 1 "control: L2 towards zero" at 30, 1.7
plot for [a in networks] runs using (is(a)):4 smooth unique with linespoints ls network_style(a) \
    title sprintf("L = %d", layers(a)), \
     zero_runs using (is("erf")):4 smooth unique with linespoints ls 8 dashtype 3 pt 4 notitle, \
     3.5 * level * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}"
unset multiplot
