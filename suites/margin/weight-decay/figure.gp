# The regime against w = lambda t - log alpha, and the time half-way against log alpha.
runs = joined("runs")
paths = joined("paths")
still = control("towards-the-start", "runs")
eval list("scales", "paths", 'strcol("alpha")')
eval span("w", "paths", 'col("w")')
eval span("size", "runs", 'col("log-scale")')
eval span("time", "runs", 'col("decay-time")')
eval span("never", "still", 'col("decay-time")')
eval span("offset", "runs", 'col("decay-time") - col("log-scale")')
of(i) = when(strcol("alpha") eq word(scales, i), col("w"))

eval figure("2", sprintf("%d 3", words(scales)), "1 1")
eval panel(1, sprintf("the regime, λ = %s", short(claim_lambda)))
eval linear_axis("x", w_low, w_high)
eval linear_axis("y", 0, 1)
set xlabel "λ t − log α"
set ylabel "Σ|u^2 − v^2| / Σ(u^2 + v^2)"
plot for [i=1:words(scales)] paths using (of(i)):(col("rho")) with linespoints ls i \
        title sprintf("α = %s", word(scales, i))

eval panel(2, "half-way")
eval linear_axis("x", size_low, size_high)
eval linear_axis("y", time_low, larger(time_high, never_high))
set xlabel "log α"
set ylabel "λ t^*"
plot x + offset_mean with lines ls 100 title "slope 1", \
    runs using (col("log-scale")):(col("decay-time")) with points ls 1 title "decay towards zero", \
    still using (col("log-scale")):(col("decay-time")) with points ls 90 \
        title "control: towards the start, never"
eval finish
