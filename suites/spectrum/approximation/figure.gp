# Smallest errors against the norm that they cost, in L^2 and in the supremum norm.
squares = joined("squares")
supremum = joined("supremum")
last_squares = control("last-layer", "squares")
last_supremum = control("last-layer", "supremum")
eval list("dimensions", "squares", 'strcol("dimension")')
count = words(dimensions)
removed = first(dimensions)
at(p) = when(has("dimension", p), col("norm"))
rate(p) = -2.0 / (p - 2)

# Laws through the middle of the cuts, and through what is left of the largest error an octave on.
array norm[count]; array error[count]; array start[count]; array top[count]
do for [i=1:count] {
    p = word(dimensions, i)
    eval span("cut", "squares", 'when(has("dimension", p), log(col("cut")))')
    eval span("later", "squares", 'when(has("dimension", p) && log(col("cut")) > cut_mean, col("cut"))')
    eval span("value", "squares", 'when(has("dimension", p) && col("cut") == later_low, col("norm"))')
    norm[i] = value_mean
    eval span("value", "squares", 'when(has("dimension", p) && col("cut") == later_low, col("error"))')
    error[i] = value_mean
    eval span("whole", "supremum", 'when(has("dimension", p), col("error"))')
    eval span("value", "supremum", 'when(has("dimension", p) && col("error") < 0.16 * whole_high, \
            col("norm"))')
    start[i] = value_low
    eval span("value", "supremum", 'when(has("dimension", p) && col("error") < 0.16 * whole_high, \
            col("error"))')
    top[i] = value_high
}
eval span("delta", "squares", 'col("norm")')
eval span("e", "squares", 'col("error")')
eval span("reach", "supremum", 'when(col("norm") >= 1, col("norm"))')
eval span("s", "supremum", 'when(col("norm") >= 1, col("error"))')

eval figure("2", sprintf("%d %d", count + 2, count + 2), "1 1")
eval panel(1, "edge of H^1, error in L^2")
eval log_axis("x", delta_low, delta_high)
eval log_axis("y", e_low, e_high)
set xlabel "norm δ"
set ylabel "smallest error in L^2"
plot for [i=1:count] error[i] * (x / norm[i])**rate(word(dimensions, i)) with lines ls 101, \
    for [i=1:count] squares using (at(word(dimensions, i))):(col("error")) with points ls i \
        title sprintf("p = %s", word(dimensions, i)), \
    last_squares using (at(removed)):(col("error")) with points ls 90 \
        title sprintf("control: last layer alone, p = %s", removed), \
    keyentry with lines ls 101 title "powers δ^{−1/(p/2 − 1)}"

eval panel(2, "a Lipschitz function, supremum")
eval log_axis("x", 1, reach_high)
eval log_axis("y", s_low, s_high)
set ylabel "smallest supremum error"
plot for [i=1:count] (x > start[i] ? top[i] * (x / start[i])**rate(word(dimensions, i)) * log(x) / \
        log(start[i]) : NaN) \
        with lines ls 101, \
    for [i=1:count] supremum using (at(word(dimensions, i))):(col("error")) with lines ls i \
        title sprintf("p = %s", word(dimensions, i)), \
    last_supremum using (at(removed)):(col("error")) with lines ls 90 \
        title sprintf("control: last layer alone, p = %s", removed), \
    keyentry with lines ls 101 title "powers δ^{−1/(p/2 − 1)} log δ"
eval finish
