# Certified smallest eigenvalues, and the Maclaurin coefficients of kappa_0 and kappa_1.
cases = joined("cases")
coefficients = joined("coefficients")
spectra = joined("spectra")
eval list("architectures", "cases", 'strcol("architecture")')
eval list("sizes", "cases", 'strcol("size")')
eval list("sets", "cases", 'strcol("data")')
eval list("spectrum_of", "spectra", 'strcol("architecture")')
shown = first(sets)
on(name) = when(has("data", shown) && has("architecture", name), col("size"))
named_here(name) = name[1:5] eq "dense" ? "dense, L = ".after(name) : \
    name[1:8] eq "residual" ? "residual, L = ".after(name) : name[1:6] eq "linear" ? "linear activation" : \
    name[1:5] eq "plain" ? "ReLU, no biases" : named(name).", L = ".after(name)
eval span("lambda", "cases", 'when(has("data", shown) && col("certified") > 0, col("certified"))')
eval span("upper", "cases", 'when(has("data", shown), col("computed"))')
eval span("k", "coefficients", 'col("power")')
eval span("a", "coefficients", 'col("kappa-1") > 0 ? col("kappa-1") : NaN')
eval span("b", "coefficients", 'col("kappa-0")')
eval span("n", "spectra", 'col("index")')
eval span("smallest", "spectra", 'abs(col("relative-eigenvalue"))')
floor_ = larger(smallest_low, 0.0001 * rounding)
clip(value) = larger(abs(value), floor_)

eval figure("3", sprintf("%d %d 2", words(architectures) + 2, words(spectrum_of)), "1 1 1")
eval panel(1, "smallest eigenvalue")
eval width_axis(sizes)
eval log_axis("y", lambda_low, upper_high)
set xlabel "number of points x, 2x, −x, −2x in R³"
set ylabel "λ_{min}(Θ)"
plot for [i=1:words(architectures)] cases using (on(word(architectures, i))):(col("computed")) \
        with lines ls i, \
    for [i=1:words(architectures)] cases using (on(word(architectures, i))): \
        (col("certified") > 0 ? col("certified") : NaN) with points ls i ps 1.1 \
        title named_here(word(architectures, i)), \
    keyentry with points ls 7 pt 7 ps 1.1 title "certified lower bound", \
    keyentry with lines ls 7 title "eigensolver (coincides)"

eval panel(2, sprintf("spectrum of %d of them", n_high))
eval linear_axis("x", 0, n_high)
eval log_axis("y", floor_, 1)
set xlabel "index of the eigenvalue"
set ylabel "|eigenvalue| / largest"
plot for [i=1:words(spectrum_of)] spectra using (when(has("architecture", word(spectrum_of, i)), \
        col("index"))): \
        (clip(col("relative-eigenvalue"))) with points ls i title named_here(word(spectrum_of, i))

eval panel(3, "Maclaurin coefficients")
eval log_axis("x", 1, k_high)
eval log_axis("y", a_low, b_high)
set xlabel "power k"
set ylabel "coefficient"
plot coefficients using (col("kappa-0") > 0 ? col("power") : NaN):(col("kappa-0")) with points ls 1 \
        title "κ_0", \
    coefficients using (col("kappa-1") > 0 ? col("power") : NaN):(col("kappa-1")) with points ls 2 \
        title "κ_1"
eval finish
