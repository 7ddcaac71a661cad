# Relative error of the empirical NTK of convolutional networks against the number of channels.
errors = data."/errors.tsv"
pooling = data."/controls/wrong-pooling/errors.tsv"
patches = data."/controls/sum-for-mean/errors.tsv"
names = "signal-flatten signal-average image-flatten image-average"
is(name) = strcol(1) eq name
stats errors using (is("signal-flatten") ? $4 * sqrt($3) : NaN) nooutput
prefactor = STATS_mean
law(m) = prefactor / sqrt(m)
stats errors using (is("signal-flatten") ? $5 : NaN) nooutput
low = STATS_min
stats errors using (is("signal-flatten") ? $6 : NaN) nooutput
high = STATS_max
stats errors using 3 nooutput
set xrange [STATS_min / 1.25 : STATS_max * 1.25]
set yrange [low / 1.3 : high * 1.3]
set logscale y
set logscale x 2
set xlabel "channels m"
set ylabel "‖Θ̂₀ − Θ‖ / ‖Θ‖  (Frobenius)"
set key outside right
title(i) = i == 1 ? "signals, flatten" : i == 2 ? "signals, average" : \
           i == 3 ? "images, flatten" : "images, average"
plot errors using (is("signal-flatten") ? $3 : NaN):5:6 with filledcurves fs transparent solid 0.15 \
         ls 8 title "signals, flatten: all seeds", \
     law(x) with lines ls 100 title "m^{−1/2}", \
     for [i=1:4] errors using (is(word(names, i)) ? $3 : NaN):4 with linespoints ls i title title(i), \
     pooling using (is("image-flatten") ? $3 : NaN):4 with linespoints ls 5 dashtype 3 \
         title "box for gauss", \
     patches using (is("image-flatten") ? $3 : NaN):4 with linespoints ls 6 dashtype 3 \
         title "sum for mean"
