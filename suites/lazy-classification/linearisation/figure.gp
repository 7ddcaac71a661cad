# Gap between a network and its linearisation: along the flow, and its largest value against the
# width.
paths = data."/trajectories.tsv"
unbounded = data."/controls/one-hot/trajectories.tsv"
runs = data."/runs.tsv"
unbounded_runs = data."/controls/one-hot/runs.tsv"

stats runs using 2 nooutput
narrow = STATS_min; wide = STATS_max
widths = tier eq "full" ? 4 : 2
width(i) = tier eq "full" ? step(32, i) : int(word("16 128", i))
stats runs using (strcol(1) eq "erf-3-soft" && $2 == narrow ? log($4) : NaN) nooutput
high = exp(STATS_mean)
stats runs using (strcol(1) eq "erf-1-l2" && $2 == narrow ? log($4) : NaN) nooutput
low = exp(STATS_mean)

# The exponents of these networks that are judged, and the widest of their intervals.
array network[5] = ["erf-1-l2", "erf-2-l2", "erf-1-k3-soft", "erf-3-soft", "relu-1-soft"]
array name[5] = ["L=1, L2", "L=2, L2", "L=1, K=3, soft", "L=3, soft", "ReLU, L=1, soft"]
drawn = ""
do for [i=1:5] { drawn = drawn." rate-".network[i]." " }
rate(value) = strstrt(drawn, " ".strcol(1)." ") ? value : NaN
stats data."/metrics.tsv" using (rate($2)) nooutput
exponents = sprintf("%.2f … %.2f", STATS_min, STATS_max)
stats data."/metrics.tsv" using (rate($4 - $2)) nooutput
exponents = sprintf("exponents %s, ± %.2f or less", exponents, STATS_max)

set multiplot layout 1,2
set bmargin 8.5
set key outside below center maxrows 3
set logscale y
set format y "10^{%T}"
set title "erf: with L2 (solid), one-hot (dotted, m = 64, 256)"
set xlabel "log t"
set ylabel "largest gap |f_t − f_t^{lin}| so far"
set xrange [-4:20]
set yrange [low / 1000 : 20]
plot for [i=1:widths] paths using (pick("erf-1-l2", width(i)) ? $3 : NaN):17:18 \
         with filledcurves fs transparent solid 0.12 ls i notitle, \
     for [i=1:widths] paths using (pick("erf-1-l2", width(i)) ? $3 : NaN):16 with lines ls i \
         title sprintf("m = %d", width(i)), \
     for [m in "64 256"] unbounded using (pick("erf-1", m + 0) ? $3 : NaN):16 with lines \
         ls 8 lw 2 dashtype 3 notitle

# Seeds, side by side; lines join their means (smooth unique).
beside(i) = 1.06**(i - 3)
set title "largest gap over all time (erf, but for one)"
set xlabel "hidden width m"
set ylabel ""
set logscale x 2
set xrange [narrow / 1.5 : (wide > 256 ? wide : 256) * 1.5]
set yrange [low / 50 : 70]
set label 2 exponents at narrow / 1.2, low / 33
set label 1 "one-hot, log t ≤ 2.3 + 4√m" at narrow, 46
plot for [i=1:5] runs using (is(network[i]) * beside(i)):4 with points ls i pt 7 ps 0.2 notitle, \
     for [i=1:5] runs using (is(network[i]) * beside(i)):4 smooth unique with linespoints ls i \
         title name[i], \
     unbounded_runs using (is("erf-1")):4 smooth unique with linespoints ls 1 dashtype 3 notitle, \
     unbounded_runs using (is("relu-1")):4 smooth unique with linespoints ls 5 dashtype 3 notitle, \
     1.5 * high * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", \
     0.6 * low * narrow / x with lines ls 101 title "m^{−1}"
unset multiplot
