# Feature distances over their bounds: the worst curve at one layer, and drawn pairs at every depth.
curves = joined("curves")
pairs = joined("pairs")
eval list("depths", "pairs", 'strcol("kernel")')
eval span("near", "curves", 'col("distance")')
eval span("r", "pairs", 'col("distance")')

eval figure("2", sprintf("3 %d", words(depths) + 1), "1 2")
eval panel(1, "L = 1, the worst pairs: ‖y‖ = ‖x‖ cos θ")
eval log_axis("x", near_low, near_high)
eval linear_axis("y", 0, 1)
set xlabel "distance r / min(‖x‖, ‖y‖)"
set ylabel "‖Φ(x) − Φ(y)‖^2 / bound"
plot 1 with lines ls 100 title "the bound", \
    curves using (col("distance")):(col("sharp")) with lines ls 1 title "sharp: 2r/π + 2r^2", \
    curves using (col("distance")):(col("printed")) with lines ls 2 title "printed: (√r + 2r)^2"

eval panel(2, "drawn pairs, the worst at each distance")
eval log_axis("x", r_low, r_high)
plot 1 with lines ls 100 title "the bound", \
    for [i=1:words(depths)] pairs using (when(has("kernel", word(depths, i)), \
            col("distance"))):(col("ratio")) \
        with linespoints ls i title "L = ".word(depths, i)
eval finish
