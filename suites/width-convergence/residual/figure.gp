# Relative error of the empirical NTK of residual networks against the width.
errors = joined("errors")
wrong = control("kernel-off", "errors")
eval list("depths", "errors", 'strcol("depth")')
eval list("wrong_depths", "wrong", 'strcol("depth")')
eval list("widths", "errors", 'strcol("width")')
at(depth) = when(has("depth", depth), col("width"))
eval span("low", "errors", 'col("error-low")')
eval span("high", "errors", 'col("error-high")')
eval span("wrong", "wrong", 'col("error")')
eval span("start", "errors", 'when(col("width") == first(widths), col("error"))')

eval figure("1", sprintf("%d", words(depths) + words(wrong_depths) + 3), "2")
eval panel(1, sprintf("residual networks, α = %s", short(claim_residual_scale)))
eval width_axis(widths)
eval log_axis("y", low_low, larger(high_high, wrong_high))
set xlabel "width m"
set ylabel "‖".Kernel_0." − Θ‖_F / ‖Θ‖_F"
plot for [i=1:words(depths)] errors using (at(word(depths, i))):(col("error-low")):(col("error-high")) \
        @band i, \
    for [i=1:words(depths)] errors using (at(word(depths, i))):(col("error")) with linespoints ls i \
        title sprintf("mean over seeds, L = %s", word(depths, i)), \
    for [i=1:words(wrong_depths)] wrong using (at(word(wrong_depths, i))):(col("error")) with linespoints \
            ls 89 + i \
        title sprintf("control: kernel times %s, L = %s", \
            short(1 + kernel_off_plant_size), word(wrong_depths, i)), \
    start_low / aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    @nothing "L residual blocks", \
    @band_key
eval finish
