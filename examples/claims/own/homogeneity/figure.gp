# Residuals over the depth.
residuals = joined("residuals")
biases = control("biases", "residuals")
eval span("depth", "residuals", 'col("depth")')
eval span("residual", "residuals", 'col("residual")')
eval span("wrong", "biases", 'col("residual")')
eval figure("1", "3", "1")
eval panel(1, "ReLU, c = ".short(claim_scale))
eval linear_axis("x", depth_low, depth_high)
set xtics 1
eval log_axis("y", smaller(residual_low, rounding), wrong_high)
set xlabel "hidden layers"
set ylabel "residual"
plot residuals using (col("depth")):(col("bound")) with lines ls 100 title "what rounding may do", \
    residuals using (col("depth")):(col("residual")) with linespoints ls 1 title "without biases", \
    biases using (col("depth")):(col("residual")) with linespoints ls 90 \
        title "control: b^2 = ".short(biases_bias_variance)
eval finish
