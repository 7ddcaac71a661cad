# Relative error of the empirical NTK of convolutional networks against the number of channels.
errors = joined("errors")
pooling = control("wrong-pooling", "errors")
patches = control("sum-for-mean", "errors")
eval list("names", "errors", 'strcol("network")')
eval list("widths", "errors", 'strcol("width")')
shown = "image-flatten"
at(name) = when(has("network", name), col("width"))
words_of(name) = sprintf("%ss, %s", before(name), after(name))
eval span("low", "errors", 'when(has("network", first(names)), col("error-low"))')
eval span("high", "errors", 'when(has("network", first(names)), col("error-high"))')
eval span("start", "errors", 'when(col("width") == first(widths), col("error"))')

eval figure("1", sprintf("%d", words(names) + 4), "2")
eval panel(1, "convolutional networks, trained in every layer")
eval width_axis(widths)
eval log_axis("y", low_low, high_high)
set xlabel "channels m"
set ylabel "‖".Kernel_0." − Θ‖_F / ‖Θ‖_F"
plot errors using (at(first(names))):(col("error-low")):(col("error-high")) @band 7, \
    for [i=1:words(names)] errors using (at(word(names, i))):(col("error")) with linespoints ls i \
        title words_of(word(names, i)).", mean", \
    pooling using (at(shown)):(col("error")) with linespoints ls 90 title \
            "control: box for Gauss in the kernel", \
    patches using (at(shown)):(col("error")) with linespoints ls 91 title \
            "control: sum for mean in the kernel", \
    start_low / aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    keyentry with boxes fs transparent solid 0.25 noborder ls 7 title \
            "band: all seeds, ".words_of(first(names))
eval finish
