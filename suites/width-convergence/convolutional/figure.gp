# Relative error of the empirical NTK of four convolutional networks against the number of channels.
errors = data."/errors.tsv"
control = data."/controls/wrong-weight-variance/errors.tsv"
names = "relu circular strided pooled"
title(i) = i == 1 ? "conv 3, ReLU" : i == 2 ? "circular, erf, biases" : \
           i == 3 ? "stride 2, GELU" : "pooled, ReLU, average"
is(name) = strcol(1) eq name
stats errors using (is("relu") ? $4 * sqrt($3) : NaN) nooutput
prefactor = STATS_mean
law(m) = prefactor / sqrt(m)
stats errors using (is("relu") ? $5 : NaN) nooutput
low = STATS_min
stats errors using (is("relu") ? $6 : NaN) nooutput
high = STATS_max
stats errors using 3 nooutput
set xrange [STATS_min / 1.25 : STATS_max * 1.25]
set yrange [low / 1.3 : high * 1.3]
set logscale y
set logscale x 2
set xlabel "channels m"
set ylabel "‖Θ̂₀ − Θ‖ / ‖Θ‖  (Frobenius)"
set key outside right
plot errors using (is("relu") ? $3 : NaN):5:6 with filledcurves fs transparent solid 0.15 ls 8 \
         title "conv 3, ReLU: all seeds", \
     law(x) with lines ls 100 title "m^{−1/2}", \
     for [i=1:4] errors using (is(word(names, i)) ? $3 : NaN):4 with linespoints ls i title title(i), \
     control using (is("relu") ? $3 : NaN):4 with linespoints ls 5 dashtype 3 title "wrong w^2"
