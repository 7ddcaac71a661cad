# Exponents of the two kernels in the size of a deformation, and the growth with layers.
sizes = joined("sizes")
stack = joined("layers")
smooth = control("smooth", "sizes")
of(kernel, value) = has("kernel", kernel) ? value : NaN
eval span("size", "sizes", 'col("level")')
eval span("ntk", "sizes", 'of("ntk", col("mean"))')
eval span("ckn", "sizes", 'of("ckn", col("mean"))')
eval span("least", "sizes", 'of("ckn", col("low"))')
eval span("most", "sizes", 'of("ntk", col("high"))')
eval list("numbers", "stack", 'strcol("level")')
eval span("n", "stack", 'col("level")')
eval span("r", "stack", 'col("image")')
eval span("deep", "stack", 'of("ntk", col("mean"))')

eval figure("2", "6 4", "2 2")
eval panel(1, "size of a deformation")
eval log_axis("x", size_low, size_high)
eval log_axis("y", least_low, most_high)
set xlabel "‖∇τ‖"
set ylabel "‖Φ(L_τ x) − Φ(x)‖ / ‖x‖"
plot sizes using (of("ntk", col("level"))):(col("low")):(col("high")) @band 1 notitle, \
    sizes using (of("ckn", col("level"))):(col("low")):(col("high")) @band 2 notitle, \
    ntk_low * (x / size_low)**0.5 with lines ls 100 title "slope 1/2", \
    ckn_low * (x / size_low) with lines ls 101 title "slope 1", \
    sizes using (of("ntk", col("level"))):(col("mean")) with linespoints ls 1 title "NTK", \
    sizes using (of("ckn", col("level"))):(col("mean")) with linespoints ls 2 title "CKN", \
    smooth using (of("ntk", col("level"))):(col("mean")) with linespoints ls 90 \
        title "control: NTK, ".named(smooth_activation), \
    @band_key

eval panel(2, sprintf("layers, ‖∇τ‖ = %s", short(claim_layers_size)))
eval width_axis(numbers)
eval log_axis("y", r_low, deep_low * (n_high / n_low)**1.75)
set xlabel "number of layers n"
set ylabel "‖Φ_n(L_τ x) − Φ_n(x)‖ / ‖x‖"
plot deep_low * (x / n_low)**1.75 with lines ls 101 title "like n^{7/4}", \
    sqrt(x * (x + 1) / pi * r_mean + (x + 1) * r_mean**2) with lines ls 100 title "bound in r", \
    stack using (of("ntk", col("level"))):(col("mean")) with linespoints ls 1 title "NTK", \
    stack using (of("ckn", col("level"))):(col("mean")) with linespoints ls 2 title "CKN"
eval finish
