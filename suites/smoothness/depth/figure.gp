# Deep feature maps: distances over their bound, and the growth of the constant.
pairs = joined("pairs")
growth = joined("growth")
wrong = control("wrong-weight-variance", "growth")
eval list("depths", "pairs", 'strcol("kernel")')
eval span("r", "pairs", 'col("distance")')
eval span("n", "growth", 'col("depth")')
eval span("constant", "growth", 'col("constant")')
eval span("wrong", "wrong", 'col("constant")')
proved(n) = sqrt(n * (n + 1) / pi)

eval figure("2", sprintf("%d 4", words(depths) + 1), "2 1")
eval panel(1, "drawn pairs, the worst at each distance")
eval log_axis("x", r_low, r_high)
eval linear_axis("y", 0, 1)
set xlabel "distance r / min(‖x‖, ‖x'‖)"
set ylabel "‖Φ_n(x) − Φ_n(x')‖ / bound"
plot 1 with lines ls 100 title "the bound", \
    for [i=1:words(depths)] pairs using (when(has("kernel", word(depths, i)), \
            col("distance"))):(col("ratio")) \
        with linespoints ls i title "n = ".word(depths, i)

eval panel(2, "the constant of the root")
eval width_axis(claim_depths)
eval log_axis("y", constant_low, larger(wrong_high, proved(n_high)))
set xlabel "hidden layers n"
set ylabel "‖Φ_n(x) − Φ_n(x')‖ / √r, smallest r"
plot proved(x) with lines ls 100 title "proved, √(n(n + 1)/π)", \
    proved(n_low) * (x / n_low)**1.25 with lines ls 101 title "order n^{5/4}", \
    growth using (col("depth")):(col("constant")) with points ls 1 ps 1.4 \
        title "w^2 = ".short(claim_weight_variance), \
    wrong using (col("depth")):(col("constant")) with linespoints ls 90 \
        title "control: w^2 = ".short(wrong_weight_variance_weight_variance)
eval finish
