# Drift of the empirical NTK of residual networks against log t, and exit times against the root of
# the width.
one_hot = data."/trajectories.tsv"
soft = data."/controls/soft-targets/trajectories.tsv"
squared = data."/controls/squared-loss/trajectories.tsv"
runs = data."/runs.tsv"
widths = tier eq "quick" ? "32 64 128 256" : "32 128 512 1024"
width(i) = int(word(widths, i))
threshold = 0.5
stats one_hot using 2 nooutput
wide = STATS_max
stats one_hot using 3 nooutput
last = STATS_max

# Lines through the mean log T of each threshold.
array slope[3]; array offset[3]
do for [k=1:3] {
    stats runs using (sqrt($2)):(column(3 + k)) nooutput
    slope[k] = STATS_slope
    offset[k] = STATS_intercept
}
names = "0.1 0.25 0.5"

set multiplot layout 1,2
set xlabel "log t"
set ylabel "drift ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖"
set logscale y
set format y "10^{%T}"
set xrange [-4:last]
set yrange [1e-2:1000]
set key top left
set title "drift of the kernel, L = 2"
plot one_hot using ($2 == wide ? $3 : NaN):14:15 with filledcurves fs transparent solid 0.15 ls 4 notitle, \
     threshold with lines ls 100 title "threshold 0.5", \
     for [i=1:4] one_hot using ($2 == width(i) ? $3 : NaN):13 with lines ls i \
         title sprintf("one-hot, m = %d", width(i)), \
     soft using 3:13 with lines ls 7 dashtype 3 title "soft targets, m = 64", \
     squared using 3:13 with lines ls 8 dashtype 3 title "squared loss, m = 64"

unset logscale y
set format y "%g"
set xrange [sqrt(width(1)) - 2 : sqrt(wide) + 2]
set autoscale y
set xlabel "√m"
set ylabel "log T"
set key top left
set title "time at which the drift reaches a threshold"
plot for [k=1:3] offset[k] + slope[k] * x with lines ls 100 notitle, \
     for [k=1:3] runs using (sqrt($2)):(column(3 + k)) with points ls 4 - k title "drift ".word(names, k)
unset multiplot
