# Mean products over their kernel.
products = joined("products")
wrong = control("wrong-variance", "products")
eval span("angle", "products", 'col("angle")')
eval span("kernel", "wrong", 'col("kernel")')
eval span("least", "products", 'col("low")')
eval figure("1", "4", "1")
eval panel(1, "two ReLU features")
eval linear_axis("x", angle_low, angle_high)
eval linear_axis("y", smaller(least_low, kernel_low), kernel_high)
set xlabel "angle, degrees"
set ylabel "mean of relu(u) relu(v)"
plot products using (col("angle")):(col("kernel")) with lines ls 100 title "the kernel", \
    products using (col("angle")):(col("product")):(col("low")):(col("high")) \
        with yerrorbars ls 1 title "mean product", \
    wrong using (col("angle")):(col("kernel")) with linespoints ls 90 \
        title "control: w^2 = ".short(wrong_variance_kernel_variance)
eval finish
