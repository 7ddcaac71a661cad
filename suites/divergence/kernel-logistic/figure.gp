# Gap between the network and kernel logistic regression: along the flow, and against the width.
paths = joined("trajectories")
soft = control("soft-targets", "trajectories")
runs = joined("runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("widths", "paths", 'strcol("width")')
shown = first(networks)
columns = "gap-empirical gap-limit gap-growing"
fixed = sprintf("log t ≤ %s", short(claim_log_horizon))
growing = sprintf("log t ≤ %s + %s√m", short(claim_log_horizon), short(claim_horizon_growth))
eval span("t", "paths", 'col("log-time")')
eval span("gap", "paths", 'when(is(shown) && col("log-time") > t_low, col("curve"))')
eval span("top", "paths", 'when(is(shown), col("curve-high"))')
eval span("fall", "runs", 'when(run(shown, first(widths)), col("gap-limit"))')
eval span("rise", "runs", 'when(run(shown, first(widths)), col("gap-growing"))')
least = gap_high; greatest = gap_high
do for [i=1:words(columns)] {
    eval span("value", "runs", 'col(word(columns, i))'); 
    least = smaller(least, value_low); greatest = larger(greatest, value_high)
}

eval figure("2", sprintf("%d %d", words(widths) + 3, words(columns) + words(networks) + 2), "1 1")
eval panel(1, sprintf("%s: the gap along the flow", named(shown)))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", gap_low, top_high)
set xlabel "log t"
set ylabel "largest gap |f_t − g_t| so far"
set arrow from claim_log_horizon, graph 0 to claim_log_horizon, graph 1 nohead ls 101
plot for [i=1:words(widths)] paths using (curve(shown, word(widths, \
        i))):(col("curve-low")):(col("curve-high")) @band i, \
    for [i=1:words(widths)] paths using (curve(shown, word(widths, i))):(col("curve")) with lines ls i \
        title "m = ".word(widths, i), \
    for [i=1:words(widths)] soft using (curve(shown, word(widths, i))):(col("curve")) with lines ls i \
            dashtype @dots, \
    keyentry with lines ls 90 title sprintf("control: soft targets, ε = %s", short(soft_targets_epsilon)), \
    keyentry with lines ls 101 title sprintf("log t = %s", short(claim_log_horizon)), \
    @band_key
unset arrow

# smooth unique: the mean over seeds.
eval panel(2, "f: network; g: kernel logistic regression")
eval width_axis(widths)
eval log_axis("y", least, greatest)
set ylabel "largest |f_t − g_t| up to a time"
plot for [i=1:words(columns)] for [k=1:words(networks)] runs using (line(word(networks, \
        k))):(col(word(columns, i))) \
        smooth unique with linespoints ls i dashtype k pt (k == 1 ? 7 : 4), \
    keyentry with lines ls 3 title sprintf("g with %s, %s", Kernel_0, growing), \
    keyentry with lines ls 2 title sprintf("g with Θ, %s", fixed), \
    keyentry with lines ls 1 title sprintf("g with %s, %s", Kernel_0, fixed), \
    for [k=1:words(networks)] keyentry with linespoints ls 7 dashtype k pt (k == 1 ? 7 : 4) \
        title named(word(networks, k)).", mean over seeds", \
    fall_mean * aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    rise_mean * aside * (x / first(widths))**0.5 with lines ls 101 title "m^{1/2}"
eval finish
