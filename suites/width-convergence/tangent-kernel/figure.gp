# Relative error of the empirical NTK against the width.
errors = data."/errors.tsv"
control = data."/controls/wrong-weight-variance/errors.tsv"
activations = "relu erf gelu"
stats errors using (strcol(1) eq "relu" && $2 == 1 ? $4 * sqrt($3) : NaN) nooutput
prefactor = STATS_mean
law(m) = prefactor / sqrt(m)
stats errors using 3 nooutput
set xrange [STATS_min / 1.25 : STATS_max * 1.25]
set yrange [0.5 * law(STATS_max) : 4 * law(STATS_min)]
set logscale y
set logscale x 2
set xlabel "hidden width m"
set ylabel "‖Θ̂₀ − Θ‖ / ‖Θ‖  (Frobenius)"
set key outside right
plot errors using (strcol(1) eq "relu" && $2 == 1 ? $3 : NaN):5:6 \
    with filledcurves fs transparent solid 0.15 ls 8 \
         title "relu, L = 1: all seeds", \
     law(x) with lines ls 100 title "m^{−1/2}", \
     for [i=1:3] for [l=1:3] errors using (strcol(1) eq word(activations, i) && $2 == l ? $3 : NaN):4 \
         with linespoints ls i dashtype 1 pt (l == 1 ? 7 : l == 2 ? 5 : 9) \
             title word(activations, i).", L = ".l, \
     control using (strcol(1) eq "relu" && $2 == 1 ? $3 : NaN):4 with linespoints ls 6 dashtype 3 \
         title "wrong w^2, relu, L = 1"
