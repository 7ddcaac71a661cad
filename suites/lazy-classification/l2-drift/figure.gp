# Drift of the empirical NTK under L2: along the flow, and its supremum against the width.
paths = data."/trajectories.tsv"
zero = data."/controls/towards-zero/trajectories.tsv"
runs = data."/runs.tsv"
zero_runs = data."/controls/towards-zero/runs.tsv"
field_runs = data."/controls/mean-field/runs.tsv"
networks = tier eq "full" ? \
    "erf gelu-k3 gelu-k10 gelu-2 erf-2-k3 erf-2-k10 erf-3 erf-3-k3 gelu-3-k10 relu-k3" : \
    "erf erf-2-k10 gelu-3-k10 relu-k3"

stats runs using (is("erf")) nooutput
narrow = STATS_min; wide = STATS_max
widths = steps(narrow, wide)
width(i) = step(narrow, i)
stats runs using (pick("erf", narrow) ? $4 : NaN) nooutput
level = STATS_mean

set multiplot layout 1,2
set bmargin 8
set key outside below center horizontal maxcols 4
set logscale y
set format y "10^{%T}"
set title "erf: L2 towards θ_0 (solid), towards zero (dotted)"
set xlabel "log t"
set ylabel "drift ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖  (Frobenius)"
set xrange [-4:7]
set yrange [1e-5:20]
plot for [i=1:widths] paths using (pick("erf", width(i)) ? $3 : NaN):14:15 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] paths using (pick("erf", width(i)) ? $3 : NaN):13 with lines ls i \
         title sprintf("m = %d", width(i)), \
     for [m in "32 128"] zero using (pick("erf", m + 0) ? $3 : NaN):13 with lines \
         ls 8 lw 2 dashtype 3 notitle

# smooth unique: the mean over seeds.
set title "largest drift over all time"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xtics narrow, 4
set xrange [12:wide * 1.3]
set yrange [level / (tier eq "full" ? 300 : 20):6]
set label 1 "controls: L2 towards zero, mean field" at 16, 2.8
plot for [a in networks] runs using (is(a)):4 smooth unique with linespoints \
    ls network_style(a) pt network_point(a) notitle, \
     for [a in "erf relu"] zero_runs using (is(a)):4 smooth unique with linespoints \
         ls 8 dashtype 3 pt 4 notitle, \
     for [a in "erf relu"] field_runs using (is(a)):4 smooth unique with linespoints \
         ls 8 dashtype 2 pt 6 notitle, \
     6 * level * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", @network_key
unset multiplot
