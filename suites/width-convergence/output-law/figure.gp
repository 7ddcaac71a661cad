# Excess kurtosis against the width; sample covariance against the kernel.
kurtosis = joined("kurtosis")
covariance = joined("covariance")
biased = control("biases", "kurtosis")
deeper = control("wrong-depth", "covariance")
eval list("widths", "kurtosis", 'strcol("width")')
eval list("depths", "kurtosis", 'strcol("depth")')
eval list("biased_depths", "biased", 'strcol("depth")')
eval list("activations", "covariance", 'strcol("activation")')
eval span("low", "kurtosis", 'col("low")')
eval span("high", "kurtosis", 'col("high")')
eval span("biased", "biased", 'col("excess")')
eval span("wide", "covariance", 'col("width")')
eval span("deep", "deeper", 'col("width")')
eval span("kernel", "covariance", 'when(col("width") == wide_high, col("kernel"))')
eval span("sample", "covariance", 'when(col("width") == wide_high, col("sample"))')
at(depth) = when(has("depth", depth), col("width"))

eval figure("2", sprintf("%d %d", words(depths) + words(biased_depths) + 2, words(activations) + 2), "1 1")
eval panel(1, "excess kurtosis of an output")
eval width_axis(widths)
eval log_axis("y", low_low, larger(high_high, biased_high))
set ylabel "excess kurtosis of f_0"
plot for [i=1:words(depths)] kurtosis using (at(word(depths, i))):(col("law")) with lines ls 100, \
    keyentry with lines ls 100 title "law 3[(1 + 5/m)^L − 1]", \
    for [i=1:words(depths)] kurtosis using (at(word(depths, i))):(col("excess")):(col("low")):(col("high")) \
        with yerrorbars ls i title "ReLU, L = ".word(depths, i), \
    for [i=1:words(biased_depths)] biased using (at(word(biased_depths, i)) * (1 + 0.03 * \
            i)):(col("excess")) \
        with points ls 90 pt (2 * i + 2) title sprintf("control: biases of variance %s, L = %s", \
            short(biases_bias_variance), word(biased_depths, i)), \
    @nothing "bars: interval over networks"

low = smaller(kernel_low, sample_low); high = larger(kernel_high, sample_high)
eval panel(2, sprintf("covariance of the outputs, m = %d", wide_high))
eval linear_axis("x", low, high)
eval linear_axis("y", low, high)
set xlabel "kernel S^{L+1}(x_i, x_j)"
set ylabel "sample covariance of f_0"
plot x with lines ls 100 title "equal", \
    deeper using (when(col("width") == deep_high, col("kernel"))):(col("sample")) with points ls 90 \
        title sprintf("control: wrong depth, m = %d", deep_high), \
    for [i=1:words(activations)] covariance using \
        (when(has("activation", word(activations, i)) && col("width") == wide_high, \
                col("kernel"))):(col("sample")) \
        with points ls i title sprintf("%s, L = %s", named(word(activations, i)), commas(depths))
eval finish
