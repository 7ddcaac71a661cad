# The bias against the width; the means that are exact.
bias = joined("bias")
means = joined("means")
wrong = control("wrong-weight-variance", "bias")
deep = control("three-layers", "means")
softplus = control("softplus-diagonal", "means")
eval list("widths", "bias", 'strcol("width")')
eval list("depths", "bias", 'strcol("depth")')
eval list("wrong_depths", "wrong", 'strcol("depth")')
part(activation, where_, depth) = sprintf("%s,%s,%s", activation, where_, depth)
this = 'part(strcol("activation"), strcol("part"), strcol("depth"))'
eval list("places", "means", this)
eval list("deep_activations", "deep", 'has("part", "diagonal") ? "" : strcol("activation")')
eval span("slow", "bias", 'when(col("width") == first(widths), col("bias"))')
eval span("fast", "bias", 'when(col("width") == first(widths), col("spread"))')
eval span("least", "bias", 'col("bias")')
eval span("most", "wrong", 'col("bias")')
eval span("low", "means", 'col("low")')
eval span("high", "deep", 'when(!has("part", "diagonal"), col("high"))')
eval span("deeper", "deep", 'when(!has("part", "diagonal"), col("low"))')
eval span("higher", "softplus", 'when(has("part", "diagonal"), col("high"))')
eval span("shown", "means", 'col("width")')

eval figure("2", sprintf("%d 4", 2 * words(depths) + words(wrong_depths) + 3), "1 1")
eval panel(1, "bias of the mean kernel")
eval width_axis(widths)
eval log_axis("y", least_low, larger(fast_high, most_high))
set ylabel "relative to ‖Θ‖, off the diagonal"
plot for [i=1:words(depths)] bias using (when(has("depth", word(depths, i)), col("width"))):(col("spread")) \
        with linespoints ls i dashtype 4 title sprintf("one network, L = %s", word(depths, i)), \
    for [i=1:words(depths)] bias using (when(has("depth", word(depths, i)), col("width"))):(col("bias")) \
        with linespoints ls i title sprintf("bias of the mean, L = %s", word(depths, i)), \
    for [i=1:words(wrong_depths)] wrong using (when(has("depth", word(wrong_depths, i)), \
            col("width"))):(col("bias")) \
        with linespoints ls 89 + i title sprintf("control: kernel of w^2 = %s, L = %s", \
            short(wrong_weight_variance_kernel_weight_variance), word(wrong_depths, i)), \
    fast_low / aside * (x / first(widths))**-0.5 with lines ls 101 title "m^{−1/2}", \
    slow_mean / aside * (x / first(widths))**-1 with lines ls 100 title "1/m", \
    @nothing "L hidden layers"

place(name) = sum [i=1:words(places)] (word(places, i) eq name ? i : 0)
like(activation) = sum [i=1:words(places)] \
    (strstrt(word(places, i), activation.",off") == 1 ? i : 0)
label(name) = sprintf("%s%s\nL = %s", named(name[1:strstrt(name, ",") - 1]), strstrt(name, "off-") ? "" : \
        " Θ_{ii}", \
    name[strlen(name):])
beside = 0.2
eval panel(2, sprintf("means that are exact, m = %d", shown_low))
set xrange [0.5 : words(places) + 0.6]
eval linear_axis("y", smaller(low_low, deeper_low), larger(high_high, higher_high))
set xtics ("" 1)
set for [i=1:words(places)] xtics add (label(word(places, i)) i)
unset logscale x
set xlabel ""
set ylabel "mean deviation / Θ_{ii}"
plot 0 with lines ls 100 title "exact", \
    means using (place(@this)):(col("mean")):(col("low")):(col("high")) with yerrorbars ls 1 \
        title "mean, with its interval", \
    deep using (has("part", "diagonal") ? NaN : like(strcol("activation")) + beside):\
        (col("mean")):(col("low")):(col("high")) with yerrorbars ls 90 dashtype 1 \
        title sprintf("control: L = %d", three_layers_shallow_depth), \
    softplus using (has("part", "diagonal") ? place(part("relu", "diagonal", strcol("depth"))) + beside : \
            NaN): \
        (col("mean")):(col("low")):(col("high")) with yerrorbars ls 91 dashtype 1 \
        title "control: ".softplus_diagonal_diagonal_activation." on the diagonal"
eval finish
