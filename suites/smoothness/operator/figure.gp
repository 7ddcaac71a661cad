# The two feature maps of a layer and their bounds; the layer on signals.
step = joined("step")
signals = joined("signals")
longer = control("larger-y", "signals")
eval span("r", "step", 'col("distance")')
eval span("far", "signals", 'col("distance")')
eval span("ratio", "signals", 'col("largest")')
eval span("over", "longer", 'col("constant")')

eval figure("2", "4 4", "1 1")
eval panel(1, "one position")
eval linear_axis("x", r_low, r_high)
eval linear_axis("y", 0, r_high**2)
set xlabel "distance r of two unit vectors"
set ylabel "squared distance of features"
plot step using (col("distance")):(col("first")) with lines ls 1 title "φ_0", \
    x >= 0 && x <= r_high ? x : NaN with lines ls 100 title "its bound r", \
    step using (col("distance")):(col("second")) with lines ls 2 title "φ_1", \
    x >= 0 && x <= r_high ? x**2 : NaN with lines ls 101 title "its bound r^2"

eval panel(2, "signals")
eval log_axis("x", far_low, far_high)
eval linear_axis("y", 0, larger(1, larger(ratio_high, over_high)))
set xlabel "largest distance of x[u] and x'[u]"
set ylabel "‖M(x, y) − M(x', y')‖ / bound"
plot 1 with lines ls 100 title "the bound", \
    longer using (col("distance")):(col("constant")) with linespoints ls 90 \
        title sprintf("control: ‖y[u]‖ = %s", short(larger_y_y_norm)), \
    signals using (col("distance")):(col("constant")) with linespoints ls 1 title "constant distance", \
    signals using (col("distance")):(col("largest")) with points ls 2 pt 6 ps 1.6 \
        title sprintf("worst of all, ‖y[u]‖ = %s", short(claim_y_norm))
eval finish
