# Feature distance of a translation by one pixel against the width of the last pooling.
means = joined("means")
free = control("no-pooling", "means")
of(kind, value) = has("signal", kind) ? value : NaN
eval list("factors", "means", 'has("signal", "noise") ? strcol("factor") : ""')
eval list("digit_factors", "means", 'has("signal", "digits") ? strcol("factor") : ""')
eval span("noise", "means", 'of("noise", col("ntk"))')
eval span("free", "free", 'col("ntk")')
eval span("t", "means", 'of("digits", col("factor"))')
eval span("digits", "means", 'of("digits", col("ntk"))')
eval span("ckn", "means", 'of("digits", col("ckn"))')

eval figure("2", "4 4", "1 1")
eval panel(1, "signals on a circle, NTK")
eval width_axis(factors)
eval log_axis("y", noise_low, free_high)
set xlabel "pooling factor s = √2 σ"
set ylabel "‖Φ(Lx) − Φ(x)‖ / ‖x‖"
plot means using (of("noise", col("factor"))):(col("bound") * sqrt(2 + 1)) with lines ls 100 title "bound", \
    means using (of("wave", col("factor"))):(col("ntk")) with linespoints ls 1 title "wave", \
    means using (of("noise", col("factor"))):(col("ntk")) with linespoints ls 2 title "noise", \
    free using (of("noise", col("factor"))):(col("ntk")) with linespoints ls 90 \
        title "control: no pooling"

eval panel(2, "digits on a torus")
eval width_axis(digit_factors)
eval log_axis("y", ckn_low, free_high)
set xlabel "pooling factor s = √2 σ"
plot digits_high * aside * t_low / x with lines ls 100 title "like 1/σ", \
    means using (of("digits", col("factor"))):(col("ntk")) with linespoints ls 1 title "NTK", \
    means using (of("digits", col("factor"))):(col("ckn")) with linespoints ls 2 title "CKN", \
    free using (of("digits", col("factor"))):(col("ntk")) with linespoints ls 90 \
        title "control: NTK, no pooling"
eval finish
