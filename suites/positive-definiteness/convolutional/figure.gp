# Certified smallest eigenvalues, and the spectra where the theorem stops.
cases = joined("cases")
spectra = joined("spectra")
eval list("sets", "cases", 'strcol("data")')
eval list("architectures", "cases", 'strcol("architecture")')
eval list("sizes", "cases", 'strcol("size")')
eval list("spectrum_of", "spectra", 'strcol("architecture")')
shown = first(architectures)
on(set) = when(has("data", set) && has("architecture", shown), col("size"))
named_here(name) = name eq "one-layer" ? "1 layer" : sprintf("%s layers, %s", after(name), before(name))
eval span("lambda", "cases", 'when(has("architecture", shown) && col("certified") > 0, col("certified"))')
eval span("upper", "cases", 'when(has("architecture", shown), col("computed"))')
eval span("n", "spectra", 'col("index")')
eval span("smallest", "spectra", 'abs(col("relative-eigenvalue"))')
# The points of the spectra (experiment.c), whose kernel without theorem has the rank n/2 + d.
d = dimension("antipodal-3")
rank = n_high / 2 + d
# Beyond a ten-thousandth of the rounding level a value says no more; there the axis ends.
floor_ = larger(smallest_low, 0.0001 * rounding)
clip(value) = larger(abs(value), floor_)

eval figure("2", sprintf("%d %d", words(sets) + 2, words(spectrum_of) + 1), "1 1")
eval panel(1, sprintf("%s: smallest eigenvalue", named_here(shown)))
eval width_axis(sizes)
eval log_axis("y", lambda_low, upper_high)
set xlabel "number of images n"
set ylabel "λ_{min}(Θ)"
plot for [i=1:words(sets)] cases using (on(word(sets, i))):(col("computed")) with lines ls i, \
    for [i=1:words(sets)] cases using (on(word(sets, i))):(col("certified") > 0 ? col("certified") : NaN) \
        with points ls i ps 1.1 title point_set(word(sets, i)), \
    keyentry with points ls 7 pt 7 ps 1.1 title "certified lower bound", \
    keyentry with lines ls 7 title "eigensolver (coincides)"

eval panel(2, sprintf("spectrum, %d antipodal pairs on S^{%d}", n_high / 2, d - 1))
eval linear_axis("x", 0, n_high)
eval log_axis("y", floor_, 1)
set xlabel "index of the eigenvalue"
set ylabel "|eigenvalue| / largest"
set arrow from rank + 0.5, graph 0 to rank + 0.5, graph 1 nohead ls 100
plot for [i=1:words(spectrum_of)] spectra using (when(has("architecture", word(spectrum_of, i)), \
        col("index"))): \
        (clip(col("relative-eigenvalue"))) with points ls i title named_here(word(spectrum_of, i)), \
    keyentry with lines ls 100 title sprintf("rank n/2 + %d", d)
eval finish
