# Relative error of the empirical NTK against the width.
set logscale xy
set xlabel "hidden width m"
set ylabel "‖Θ̂₀ − Θ‖ / ‖Θ‖ (Frobenius)"
set key outside right
errors = data."/errors.tsv"
control = data."/controls/wrong-weight-variance/errors.tsv"
activations = "relu erf gelu"
stats errors using (strcol(1) eq "relu" && $2 == 1 ? $4 * sqrt($3) : NaN) nooutput
law(m) = STATS_mean / sqrt(m)
plot errors using (strcol(1) eq "relu" && $2 == 1 ? $3 : NaN):5:6 with filledcurves fs transparent solid 0.12 lc rgb "#888888" \
         title "relu, L = 1: all seeds", \
     for [i=1:3] for [l=1:3] errors using (strcol(1) eq word(activations, i) && $2 == l ? $3 : NaN):4 \
         with linespoints ls i dashtype 1 pt (l == 1 ? 7 : l == 2 ? 5 : 9) title word(activations, i).", L = ".l, \
     control using (strcol(1) eq "relu" && $2 == 1 ? $3 : NaN):4 with linespoints ls 8 title "control: wrong variance", \
     law(x) with lines ls 100 title "m^{−1/2}"
