# The spectrum of one ReLU layer on spheres, and its approach to the law.
spectrum = joined("spectrum")
deep = control("two-layers", "spectrum")
eval list("dimensions", "spectrum", 'strcol("dimension")')
low = first(dimensions); high = last(dimensions)
even(p) = when(has("dimension", p) && col("degree") >= 2 && int(col("degree")) % 2 == 0, col("degree"))
odd(p) = when(has("dimension", p) && col("degree") > 2 && int(col("degree")) % 2 == 1, col("degree"))
eval span("k", "spectrum", 'col("degree") >= 2 ? col("degree") : NaN')
eval span("mu", "spectrum", 'when(even(high) > 0, col("closed"))')
eval span("top", "spectrum", 'when(even(low) > 0, col("closed"))')
eval span("over", "spectrum", 'when(even(first(dimensions)) > 0 || even(last(dimensions)) > 0, \
        col("over-law"))')

constant(p) = 2**(p - 1) * gamma(0.5 * p)**2 / pi**2   # C(p)
eval figure("2", sprintf("6 %d", words(dimensions) + 1), "1 1")
eval panel(1, "eigenvalues on S^{p−1}, even degrees")
eval log_axis("x", k_low, k_high)
eval log_axis("y", mu_low, top_high)
set xlabel "degree k"
set ylabel "eigenvalue μ_k"
plot for [p in low." ".high] constant(p) * (x + 0.5 * p - 1)**(-p) with lines ls 100, \
    keyentry with lines ls 100 title "law C(p) ν^{−p}", \
    low * constant(low) * (x + 0.5 * low - 1)**(-low - 2) with lines ls 101 title "p C(p) ν^{−p−2}", \
    spectrum using (even(low)):(col("closed")) with points ls 1 title "p = ".low, \
    spectrum using (even(low)):(col("last")) with points ls 2 title sprintf("p = %s, last layer", low), \
    spectrum using (even(high)):(col("closed")) with points ls 3 title "p = ".high, \
    deep using (odd(low)):(col("low")) with points ls 90 title \
            sprintf("control: p = %s, L = 2, odd degrees", low)

eval panel(2, "over the law, ν = k + (p − 2)/2")
eval log_axis("x", k_low, k_high)
eval log_axis("y", smaller(1, over_low), over_high)
set ylabel "μ_k ν^p / C(p)"
plot 1 with lines ls 100 title "the law", \
    for [i=1:words(dimensions)] spectrum using (even(word(dimensions, i))):(col("over-law")) with points \
            ls i \
        title "p = ".word(dimensions, i)
eval finish
