# Figures 1 to 4 of the paper: outputs, kernels at the start, kernels during training, images.
paths = joined("paths")
printed = joined("printed")
profiles = joined("profiles")
initial = joined("initial")
other = control("as-printed", "paths")
rest = control("squared-loss", "paths")
# Every other point has the label 1, by which outputs grow.
sign(k) = k - 2 * floor(k / 2) > 0 ? 1 : -1
signed_output(i) = sign(col("point")) * col("output")
ratio(i) = col("kernel") / col("start")
eval list("widths", "initial", '$1 > 0 ? strcol("width") : ""')
eval list("epochs", "profiles", 'strcol("epoch")')
eval list("points", "paths", 'has("case", "circle") ? strcol("point") : ""')
eval list("images", "paths", 'has("case", "digits") ? strcol("point") : ""')
eval span("t", "paths", 'when(has("case", "circle") && col("epoch") > 0, col("epoch"))')
eval span("f", "other", 'signed_output(0)')
eval span("g", "paths", 'signed_output(0)')
eval span("k", "initial", 'col("kernel")')
eval span("p", "profiles", 'col("kernel")')
eval span("r", "printed", 'when(col("figure") > 2, col("value"))')
eval span("l", "rest", 'when(has("case", "digits"), ratio(0))')
eval span("q", "paths", 'when(has("case", "digits"), ratio(0))')
on(case, method, k) = when(has("case", case) && has("method", method) && has("point", k) \
    && col("epoch") > 0, col("epoch"))
pi_label = "set xtics ('−π' -pi, '−π/2' -pi/2, '0' 0, 'π/2' pi/2, 'π' pi)"

eval figure("2 2", sprintf("4 %d %d 5", words(widths) + 1, words(epochs) + 1), "1 1 1 1")
eval panel(1, sprintf("outputs at six points, m = %d", claim_circle_width))
eval log_axis("x", t_low, t_high)
eval linear_axis("y", smaller(f_low, g_low), larger(f_high, g_high))
set xlabel "epoch"
set ylabel "output, times the sign of the label"
plot for [k in points] other using (on("circle", "descent", k)):(signed_output(0)) with lines ls 90, \
    for [k in points] paths using (on("circle", "flow", k)):(signed_output(0)) with lines ls 1, \
    for [k in points] paths using (on("circle", "descent", k)):(signed_output(0)) with points ls 1, \
    printed using (when(col("figure") == 1, col("epoch"))):(col("value")) with points ls 7 pt 4 ps 1.5, \
    keyentry with linespoints ls 1 title "flow (lines), descent (points)", \
    keyentry with points ls 7 pt 4 ps 1.5 title "printed |f|", \
    keyentry with lines ls 90 title sprintf("control: as printed, m = %d", \
        as_printed_circle_width)

eval panel(2, "kernel at the start")
eval linear_axis("x", -pi, pi)
eval linear_axis("y", 0, k_high)
eval pi_label
set xlabel "angle between x and x'"
set ylabel Kernel_0."(x, x')"
plot for [i=1:words(widths)] initial using (when(has("width", word(widths, i)), col("angle"))): \
        (col("kernel")) with lines ls i title sprintf("m = %s", word(widths, i)), \
    initial using (when(col("width") == 0, col("angle"))):(col("kernel")) with lines ls 100 \
        title "Θ, without biases"

eval panel(3, sprintf("kernel during training, m = %d", claim_circle_width))
eval linear_axis("y", 0, larger(p_high, r_high))
set ylabel Kernel_t."(x, x')"
plot for [i=1:words(epochs)] profiles using (when(has("epoch", word(epochs, i)), col("angle"))): \
        (col("kernel")) with lines ls i title sprintf("epoch %s", word(epochs, i)), \
    printed using (when(col("figure") == 1 + 2, 0)):(col("value")) with points ls 7 pt 4 ps 1.5 \
        title "printed peaks"

eval panel(4, sprintf("kernels of images, m = %d", claim_digits_width))
eval log_axis("x", t_low, t_high)
eval linear_axis("y", smaller(q_low, l_low), larger(q_high, l_high))
set xlabel "epoch"
set ylabel Kernel_t."(x, x) / ".Kernel_0."(x, x)"
plot for [k in images] rest using (on("digits", "descent", k)):(ratio(0)) with lines ls 90, \
    for [k in images] paths using (on("digits", "flow", k)):(ratio(0)) with lines ls int(k + 1) \
        title sprintf("image of a %s", k), \
    for [k in images] paths using (on("digits", "descent", k)):(ratio(0)) with points ls int(k + 1), \
    keyentry with linespoints ls 7 title "flow (lines), descent (points)", \
    keyentry with lines ls 90 title "control: squared loss"
eval finish
