# lambda_min of the empirical NTK relative to that of the kernel, and the distance of the ratio from
# 1.
networks = joined("networks")
few = control("few-parameters", "networks")
wrong = control("wrong-weight-variance", "networks")
eval list("names", "networks", 'strcol("architecture")')
eval list("widths", "networks", 'strcol("width")')
eval list("few_widths", "few", 'strcol("width")')
eval list("wrong_names", "wrong", 'strcol("architecture")')
shown = last(names)
of(name) = when(has("architecture", name), col("width"))
named_here(name) = sprintf("L = %d%s", depth_of(name), tail(name))
eval span("seed", "networks", 'col("seed")')
eval span("start", "networks", 'when(of(shown) == first(widths), abs(col("ratio") - 1))')
eval list("wrong_widths", "wrong", 'strcol("width")')
low = start_mean; high = start_mean
do for [a in names] {
    eval span("end", "networks", 'when(of(a) == last(widths), abs(col("ratio") - 1))'); low = \
            smaller(low, end_mean)
}
do for [a in wrong_names] { do for [m in wrong_widths] {
    eval span("end", "wrong", 'when(of(a) == m, abs(col("ratio") - 1))'); high = larger(high, end_mean)
}}
eval span("few", "few", 'abs(col("ratio") - 1)')
eval span("ratio", "networks", 'col("ratio")')

# A cloud of a thousand points says what all of them say: every so many-th seed is drawn.
every_ = thinned(seed_high + 1)
scatter(i) = 2 ** (0.4 * (i - (words(names) + 1) / 2.0) + 0.3 * (rand(0) - 0.5))

eval figure("2", sprintf("%d %d", words(names) + 2, words(names) + words(wrong_names) + 2), "1 1")
eval panel(1, "every network beside the kernel")
eval width_axis(widths)
set xrange [first(widths) / 2**0.6 : last(widths) * 2**0.6]
eval linear_axis("y", ratio_low, ratio_high)
set ylabel "λ_{min}(".Kernel_0.") / λ_{min}(Θ)"
plot for [i=1:words(names)] networks using (when(int(col("seed")) % every_ == 0, of(word(names, i))) * \
        scatter(i)): \
        (col("ratio")) with points ls i pt 7 ps 0.3, \
    1 with lines ls 100, \
    for [i=1:words(names)] networks using (of(word(names, i))):(col("ratio")) smooth unique \
        with linespoints ls i lw 3 title named_here(word(names, i)).", mean over seeds", \
    keyentry with points ls 7 pt 7 ps 0.3 title sprintf("seeds, one of %d drawn, moved sideways", every_), \
    @nothing "L hidden layers"

eval panel(2, "distance of the ratio from 1")
eval width_axis(few_widths." ".widths)
eval log_axis("y", low, larger(few_mean, high))
set ylabel "mean of |ratio − 1|"
plot start_mean * aside * (x >= first(widths) ? (x / first(widths))**-0.5 : NaN) with lines ls 100 title \
        "m^{−1/2}", \
    for [i=1:words(names)] networks using (of(word(names, i))):(abs(col("ratio") - 1)) smooth unique \
        with linespoints ls i title named_here(word(names, i)), \
    few using (col("width")):(abs(col("ratio") - 1)) smooth unique with linespoints ls 90 \
        title "control: fewer parameters than points", \
    for [i=1:words(wrong_names)] wrong using (of(word(wrong_names, i))):(abs(col("ratio") - 1)) smooth \
            unique \
        with linespoints ls 91 pt (2 * i + 2) title sprintf("control: kernel of w^2 = %s, %s", \
            short(wrong_weight_variance_kernel_weight_variance), named_here(word(wrong_names, i)))
eval finish
