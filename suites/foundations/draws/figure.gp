# The empirical distribution of normals, and its distance to the normal law.
normals = joined("normals")
wrong = control("variance-off-by-6-percent", "normals")
eval span("q", "normals", 'col("quantile")')
eval span("a", "normals", 'col("allowed")')
eval span("w", "wrong", 'col("part") - col("phi")')

eval figure("2", "2 3", "1 1")
eval panel(1, "normals")
eval linear_axis("x", q_low, q_high)
eval linear_axis("y", 0, 1)
set xlabel "z"
set ylabel "part of the normals below z"
plot normals using (col("quantile")):(col("phi")) with lines ls 100 title "Φ(z)", \
    normals using (col("quantile")):(col("part")) with points ls 1 title "normals"

eval panel(2, "difference to Φ")
eval linear_axis("y", smaller(-a_high, w_low), larger(a_high, w_high))
eval linear_axis("x", q_low, q_high)
set xlabel "z"
set ylabel "part below z, less Φ(z)"
plot normals using (col("quantile")):(col("allowed")) with lines ls 100 \
        title "bound of the check", \
    normals using (col("quantile")):(-col("allowed")) with lines ls 100, \
    normals using (col("quantile")):(col("part") - col("phi")) with points ls 1 title "normals", \
    wrong using (col("quantile")):(col("part") - col("phi")) with points ls 90 \
        title "control: another variance"
eval finish
