# How far the kernel gets from its start, in units of the bound, and the smallest margin.
paths = joined("paths")
squared = control("squared-loss", "paths")
soft = control("soft-targets", "paths")
eval list("cases", "paths", 'strcol("case")')
eval list("widths", "paths", 'strcol("width")')
shown = last(widths)
on(i) = when(has("case", word(cases, i)) && has("width", shown), col("log-time"))
label(i) = sprintf("%s, L = %s", before(word(cases, i)), after(word(cases, i)))
eval span("t", "paths", 'when(has("width", shown), col("log-time"))')
eval span("far", "paths", 'when(has("width", shown), col("start"))')
eval span("near", "squared", 'col("start")')
eval span("margin", "paths", 'when(has("width", shown), col("margin"))')

eval figure("2", sprintf("%d %d", words(cases) + 2, words(cases) + 2), "1 1")
eval panel(1, sprintf("distance from the start, m = %s", shown))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", smaller(near_low, far_low), far_high)
set xlabel "log t"
set ylabel "max |".Kernel_t." − ".Kernel_0."| n / λ_{min}(".Kernel_0.")"
plot 1 with lines ls 100, \
    for [i=1:words(cases)] paths using (on(i)):(col("start")) with lines ls i title label(i), \
    squared using (col("log-time")):(col("start")) \
        with lines ls 90 title "control: squared loss, m = ".squared_loss_widths, \
    keyentry with lines ls 100 title "bound"

eval panel(2, "the smallest margin")
eval linear_axis("y", margin_low, margin_high)
set ylabel "smallest (2y − 1) f_t"
plot x + margin_high - t_high with lines ls 100, \
    for [i=1:words(cases)] paths using (on(i)):(col("margin")) with lines ls i title label(i), \
    soft using (col("log-time")):(col("margin")) \
        with lines ls 90 title sprintf("control: soft targets, ε = %s", short(soft_targets_epsilon)), \
    keyentry with lines ls 100 title "slope 1"
eval finish
