# Eigenvalues by rank, at each depth.
spectra = joined("spectra")
repeated = control("parallel-points", "spectra")
eval list("depths", "spectra", 'strcol("depth")')
eval span("rank", "repeated", 'col("rank")')
eval span("value", "spectra", 'col("eigenvalue")')
lowest = smaller(value_low, rounding)
clip(value) = larger(abs(value), rounding * rounding)
eval figure("1", sprintf("%d", words(depths) + 2), "1")
eval panel(1, "ReLU, library: ".claim_library)
eval linear_axis("x", rank_low, rank_high)
eval log_axis("y", lowest, value_high)
set xlabel "rank"
set ylabel "eigenvalue over the largest"
at(i) = has("depth", word(depths, i))
layers(i) = sprintf("%s hidden layer%s", word(depths, i), word(depths, i) eq "1" ? "" : "s")
plot for [i=1:words(depths)] spectra using (when(at(i), col("rank"))):(col("eigenvalue")) \
        with points ls i title layers(i), \
    repeated using (when(at(1), col("rank"))):(clip(col("eigenvalue"))) with points ls 90 \
        title "control: ".short(parallel_points_repeated)." points twice", \
    repeated using (when(at(1), col("rank"))):(rounding) with lines ls 100 title "rounding"
eval finish
