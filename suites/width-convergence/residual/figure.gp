# Relative error of the empirical NTK of residual networks against the width.
errors = data."/errors.tsv"
control = data."/controls/wrong-residual-scale/errors.tsv"
stats errors using 2 nooutput
deepest = STATS_max
stats errors using ($2 == 1 ? $4 * sqrt($3) : NaN) nooutput
prefactor = STATS_mean
law(m) = prefactor / sqrt(m)
stats errors using ($2 == 1 ? $5 : NaN) nooutput
low = STATS_min
stats errors using ($2 == 1 ? $6 : NaN) nooutput
high = STATS_max
stats errors using 3 nooutput
set xrange [STATS_min / 1.25 : STATS_max * 1.25]
set yrange [low / 1.3 : high * 1.3]
set logscale y
set logscale x 2
set xlabel "width m"
set ylabel "‖Θ̂₀ − Θ‖ / ‖Θ‖  (Frobenius)"
set key outside right
plot errors using ($2 == 1 ? $3 : NaN):5:6 with filledcurves fs transparent solid 0.15 ls 8 \
    title "L = 1: all seeds", \
     law(x) with lines ls 100 title "m^{−1/2}", \
     for [l=1:int(deepest)] errors using ($2 == l ? $3 : NaN):4 with linespoints ls l title "L = ".l, \
     for [l=1:2] control using ($2 == l ? $3 : NaN):4 with linespoints ls l + 4 dashtype 3 \
         title "wrong α, L = ".l
