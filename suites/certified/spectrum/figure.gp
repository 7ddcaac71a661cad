# Enclosed spectra, and how well each eigenvalue is known.
spectra = joined("spectra")
eval list("sets", "spectra", 'strcol("data")')
eval list("networks", "spectra", 'strcol("architecture")')
eval span("n", "spectra", 'col("index")')
eval span("v", "spectra", 'col("value")')
eval span("r", "spectra", 'col("relative-radius")')
shown(network, set) = when(has("architecture", network) && has("data", set), col("index"))
called(set) = set eq "cube" ? "vertices of a cube" : point_set(set)
layered(network) = sprintf("%s, L = %d", named(network), layers(network))

eval figure("2", sprintf("%d %d", words(sets), words(networks)), "1 1")
eval panel(1, layered(first(networks)).": eigenvalues")
eval linear_axis("x", 1, n_high)
eval log_axis("y", v_low, v_high)
set xlabel "index i, descending"
set ylabel "λ_i(Θ), its interval within the line"
plot for [i=1:words(sets)] spectra using (shown(first(networks), word(sets, i))):(col("value")) \
        with lines ls i title called(word(sets, i))

eval panel(2, called(first(sets)).": what is known")
eval log_axis("y", r_low, r_high)
set ylabel "radius / λ_i"
plot for [i=1:words(networks)] spectra \
        using (shown(word(networks, i), first(sets))):(col("relative-radius")) \
        with lines ls i title layered(word(networks, i)).(word(networks, i)[1:3] eq "erf" ? ", biases" : "")
eval finish
