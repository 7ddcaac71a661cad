# The kink of the ReLU kernel, and how steep a function of norm 1 can be.
kink = joined("kink")
pairs = joined("pairs")
smooth = control("smooth", "kink")
smooth_pairs = control("smooth", "pairs")
eval span("angle", "kink", 'col("angle")')
near = 0.25 * angle_high
eval span("low", "kink", 'when(abs(col("angle")) < near, col("kernel"))')
eval span("r", "pairs", 'col("distance")')
eval span("steep", "pairs", 'col("feature") / col("distance")')
eval span("flat", "smooth_pairs", 'col("feature") / col("distance")')
claimed = named(claim_activation)
removed = named(smooth_activation)

eval figure("2", "2 4", "1 1")
eval panel(1, "the kernel where two points meet")
eval linear_axis("x", -near, near)
eval linear_axis("y", low_low, 1)
set xlabel "angle between x and y"
set ylabel "K(x, y) / K(x, x)"
plot kink using (col("angle")):(col("kernel")) with lines ls 1 title claimed, \
    smooth using (col("angle")):(col("kernel")) with lines ls 90 title "control: ".removed

eval panel(2, "steepest function of norm 1")
eval log_axis("x", r_low, r_high)
eval log_axis("y", smaller(steep_low, flat_low), steep_high)
set xlabel "distance r of two points on the sphere"
set ylabel "‖Φ(x) − Φ(y)‖ / r"
plot sqrt(2 / pi) * x**-0.5 with lines ls 100 title "lower bound, √(2/π) r^{−1/2}", \
    sqrt(2 / pi / x + 2) with lines ls 101 title "upper bound, √(2/(πr) + 2)", \
    pairs using (col("distance")):(col("feature") / col("distance")) with points ls 1 title claimed, \
    smooth_pairs using (col("distance")):(col("feature") / col("distance")) with linespoints ls 90 \
        title "control: ".removed
eval finish
