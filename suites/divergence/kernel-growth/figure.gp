# Lower bound over kernel, and the output that drives it.
paths = joined("paths")
erf = control("erf", "paths")
eval list("cases", "paths", 'strcol("case")')
eval list("widths", "paths", 'strcol("width")')
shown = last(widths)
on(i) = when(has("case", word(cases, i)) && has("width", shown), col("log-time"))
label(i) = sprintf("L = %s", after(word(cases, i)))
eval span("t", "paths", 'col("log-time")')
eval span("ratio", "paths", 'when(has("width", shown), col("ratio"))')
eval span("beyond", "erf", 'col("ratio")')
eval span("output", "paths", 'when(has("width", shown), col("output"))')

eval figure("2", sprintf("%d %d", words(cases) + 2, words(cases)), "1 1")
eval panel(1, sprintf("bound over kernel, m = %s", shown))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", ratio_low, larger(ratio_high, beyond_high))
set xlabel "log t"
set ylabel "bound of ".Kernel_t."(x, x) over ".Kernel_t."(x, x)"
plot 1 with lines ls 100, \
    for [i=1:words(cases)] paths using (on(i)):(col("ratio")) with lines ls i title label(i), \
    erf using (col("log-time")):(col("ratio")) with lines ls 90 title "control: erf", \
    keyentry with lines ls 100 title "bound"

eval panel(2, "the largest output")
eval linear_axis("y", 0, output_high)
set ylabel "largest |f_t|"
plot for [i=1:words(cases)] paths using (on(i)):(col("output")) with lines ls i title label(i)
eval finish
