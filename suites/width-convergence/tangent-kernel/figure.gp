# Relative error of the empirical NTK against the width.
errors = joined("errors")
wrong = control("wrong-weight-variance", "errors")
eval list("names", "errors", 'strcol("network")')
eval list("depths", "errors", 'strcol("depth")')
eval list("wrong_depths", "wrong", 'strcol("depth")')
eval list("widths", "errors", 'strcol("width")')
at(name, depth) = when(has("network", name) && has("depth", depth), col("width"))
shown = first(names)
eval span("low", "errors", 'when(has("depth", first(depths)) && has("network", shown), col("error-low"))')
eval span("error", "errors", 'col("error")')
eval span("wrong", "wrong", 'col("error")')
eval span("start", "errors", 'when(col("width") == first(widths), col("error"))')

eval figure("1", sprintf("%d", words(names) * words(depths) + words(wrong_depths) + 3), "2")
eval panel(1, "dense networks")
eval width_axis(widths)
eval log_axis("y", low_low, larger(error_high, wrong_high))
set ylabel "‖".Kernel_0." − Θ‖_F / ‖Θ‖_F"
plot errors using (at(shown, first(depths))):(col("error-low")):(col("error-high")) @band 7, \
    for [i=1:words(names)] for [l=1:words(depths)] errors using (at(word(names, i), word(depths, \
            l))):(col("error")) \
        with linespoints ls i pt (l == 1 ? 7 : l == 2 ? 5 : 9) \
        title sprintf("%s, L = %s, mean", named(word(names, i)), word(depths, l)), \
    for [l=1:words(wrong_depths)] wrong using (at(shown, word(wrong_depths, l))):(col("error")) \
        with linespoints ls 89 + l title sprintf("control: w^2 = %s, %s, L = %s", \
            short(wrong_weight_variance_kernel_weight_variance), named(shown), word(wrong_depths, l)), \
    start_low / aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    keyentry with boxes fs transparent solid 0.25 noborder ls 7 \
        title sprintf("band: all seeds, %s, L = %s", named(shown), first(depths)), \
    @nothing "L hidden layers"
eval finish
