# Eigenvalues of deep networks beside those of the Laplace kernel.
ratios = joined("ratios")
one = control("one-layer", "ratios")
eval list("names", "ratios", 'strcol("kernel")')
eval list("one_names", "one", 'strcol("kernel")')
p = first(claim_dimensions)
on(kernel, parity) = when(has("kernel", kernel) && has("dimension", p) && col("degree") >= 2 && \
    int(col("degree")) % 2 == parity, col("degree"))
all(kernel) = when(has("kernel", kernel) && has("dimension", p) && col("degree") >= 2, col("degree"))
nu(k) = k + (p - 2) / 2.0
scaled(mu) = mu > rounding**2 ? mu * nu(col("degree"))**p : NaN
name(kernel) = kernel[1:4] eq "bias" ? sprintf("L = %d with bias", depth_of(kernel)) : sprintf("L = %d", \
        depth_of(kernel))
count = words(names)
array even[count]; array odd[count]
do for [i=1:count] {
    eval span("limit", "ratios", 'when(on(word(names, i), 0) > 0, col("limit"))'); even[i] = limit_mean
    eval span("limit", "ratios", 'when(on(word(names, i), 1) > 0, col("limit"))'); odd[i] = limit_mean
}
eval span("k", "ratios", 'when(has("dimension", p) && col("degree") >= 2, col("degree"))')
eval span("mu", "ratios", 'when(has("dimension", p) && col("degree") >= 2, scaled(col("network")))')
eval span("laplace", "ratios", 'when(has("dimension", p) && col("degree") >= 2, scaled(col("laplace")))')
eval span("removed", "one", 'when(all(first(one_names)) > 0, scaled(col("network")))')
eval span("ratio", "ratios", 'when(has("dimension", p) && col("degree") >= 2, col("ratio"))')

eval figure("2", sprintf("%d %d", count + 3, count + 2), "1 1")
eval panel(1, sprintf("eigenvalues on S^{%d}", p - 1))
eval log_axis("x", k_low, k_high)
eval log_axis("y", smaller(laplace_low, removed_low), mu_high)
set xlabel "degree k"
set ylabel sprintf("μ_k ν^{%s}, ν = k + (p − 2)/2", p)
plot for [i=1:count] ratios using (on(word(names, i), 0)):(scaled(col("network"))) with points ls i \
        title name(word(names, i)), \
    for [i=1:count] ratios using (on(word(names, i), 1)):(scaled(col("network"))) \
        with points ls i pt open_point(i) ps 1.3 lw 1, \
    ratios using (all(first(names))):(scaled(col("laplace"))) with points ls 7 title "Laplace kernel", \
    one using (all(first(one_names))):(scaled(col("network"))) with points ls 90 \
        title "control: ".name(first(one_names)), \
    @nothing "open: odd degrees; L hidden layers"

eval panel(2, sprintf("ratios on S^{%d}, and their limits", p - 1))
eval log_axis("x", k_low, k_high)
eval log_axis("y", ratio_low, ratio_high)
set ylabel "μ_k (network) / μ_k (Laplace)"
plot for [i=1:count] even[i] with lines ls 100, for [i=1:count] odd[i] with lines ls 100, \
    for [i=1:count] ratios using (on(word(names, i), 0)):(col("ratio")) with points ls i \
        title name(word(names, i)), \
    for [i=1:count] ratios using (on(word(names, i), 1)):(col("ratio")) \
        with points ls i pt open_point(i) ps 1.3 lw 1, \
    keyentry with lines ls 100 title "limits", \
    @nothing "open: odd degrees; L hidden layers"
eval finish
