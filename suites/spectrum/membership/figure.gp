# What each octave contributes to the squared norm, on both sides of the threshold.
sums = joined("sums")
eval list("dimensions", "sums", 'strcol("dimension")')
count = words(dimensions)
# side > 0: the power above the threshold; side < 0: the one below.
on(p, side) = when(has("dimension", p) && side * (col("alpha") - (p - 1) / 2.0) > 0, col("degree"))
eval span("k", "sums", 'col("degree")')
last_k = k_high
array above[count]; array below[count]
high = 1.0; low = 1.0
do for [i=1:count] {
    eval span("value", "sums", 'when(on(word(dimensions, i), 1) == last_k, col("degree") * \
            col("term"))'); above[i] = value_high
    eval span("value", "sums", 'when(on(word(dimensions, i), -1) == last_k, col("degree") * \
            col("term"))'); below[i] = value_high
    eval span("value", "sums", 'when(on(word(dimensions, i), 1) > 0, col("degree") * col("term") / \
            above[i])'); high = larger(high, value_high)
    eval span("value", "sums", 'when(on(word(dimensions, i), -1) > 0, col("degree") * col("term") / \
            below[i])'); low = smaller(low, value_low)
}
threshold = sprintf("(p − 1)/2 %%s %s", short(abs(claim_offset)))

eval figure("2", sprintf("%d %d", count + 1, count + 1), "1 1")
eval panel(1, sprintf("α = ".threshold.": a finite norm", "+"))
eval log_axis("x", k_low, last_k)
eval log_axis("y", 1, high)
set xlabel "degree k"
set ylabel "k T_k over its last value"
plot (x / last_k)**(-2 * abs(claim_offset)) with lines ls 100 \
        title sprintf("k^{−%s}", short(2 * abs(claim_offset))), \
    for [i=1:count] sums using (on(word(dimensions, i), 1)):(col("degree") * col("term") / above[i]) with \
            points ls i \
        title "p = ".word(dimensions, i)

eval panel(2, sprintf("α = ".threshold.": none", "−"))
eval log_axis("x", k_low, last_k)
eval log_axis("y", low, 1)
plot (x / last_k)**(2 * abs(claim_offset)) with lines ls 100 \
        title sprintf("k^{%s}", short(2 * abs(claim_offset))), \
    for [i=1:count] sums using (on(word(dimensions, i), -1)):(col("degree") * col("term") / below[i]) \
            with points ls i \
        title "p = ".word(dimensions, i)
eval finish
