# Relative error of the empirical NTK of four convolutional networks against the number of channels.
errors = joined("errors")
wrong = control("wrong-weight-variance", "errors")
eval list("names", "errors", 'strcol("network")')
eval list("wrong_names", "wrong", 'strcol("network")')
eval list("widths", "errors", 'strcol("width")')
at(name) = when(has("network", name), col("width"))
# The networks of experiment.c.
words_of(name) = name eq "relu" ? "ReLU" : name eq "circular" ? "circular, erf, biases" : \
    name eq "strided" ? "strided, GELU" : name eq "pooled" ? "pooled, ReLU, average" : name
eval span("low", "errors", 'when(has("network", first(names)), col("error-low"))')
eval span("high", "errors", 'when(has("network", first(names)), col("error-high"))')
eval span("wrong", "wrong", 'col("error")')
eval span("start", "errors", 'when(col("width") == first(widths), col("error"))')

eval figure("1", sprintf("%d", words(names) + 3), "2")
eval panel(1, "convolutional networks")
eval width_axis(widths)
eval log_axis("y", low_low, larger(high_high, wrong_high))
set xlabel "channels m"
set ylabel "‖".Kernel_0." − Θ‖_F / ‖Θ‖_F"
plot errors using (at(first(names))):(col("error-low")):(col("error-high")) @band 7, \
    for [i=1:words(names)] errors using (at(word(names, i))):(col("error")) with linespoints ls i \
        title words_of(word(names, i)).", mean", \
    wrong using (at(first(wrong_names))):(col("error")) with linespoints ls 90 \
        title sprintf("control: kernel of w^2 times %s, %s", \
            short(wrong_weight_variance_kernel_weight_variance_fac), words_of(first(wrong_names))), \
    start_low / aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    keyentry with boxes fs transparent solid 0.25 noborder ls 7 title \
            "band: all seeds, ".words_of(first(names))
eval finish
