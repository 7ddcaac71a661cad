# Gap between a network and its linearisation: along the flow, and its largest value against the
# width.
paths = joined("trajectories")
free = control("one-hot", "trajectories")
runs = joined("runs")
free_runs = control("one-hot", "runs")
metrics = joined("metrics")
eval list("networks", "runs", 'strcol("activation")')
eval list("free_networks", "free_runs", 'strcol("activation")')
shown = first(networks)
eval list("widths", "paths", 'is(shown) ? strcol("width") : ""')
eval list("free_widths", "free", 'is(first(free_networks)) ? strcol("width") : ""')
eval list("run_widths", "runs", 'strcol("width")')
eval list("free_run_widths", "free_runs", 'strcol("width")')
eval span("t", "paths", 'col("log-time")')
eval span("gap", "paths", 'when(is(shown), col("curve"))')
eval span("most", "free", 'when(is(first(free_networks)), col("curve"))')
eval span("least", "runs", 'col("gap")')
eval span("largest", "free_runs", 'col("gap")')
eval span("start", "runs", 'when(run(shown, first(widths)), col("gap"))')
how(name) = network(name).(strstrt(name, "-l2") ? ", L2" : strstrt(name, "-soft") ? ", soft" : "")
horizon = sprintf("log t ≤ %s + %s√m", short(one_hot_log_horizon), short(one_hot_horizon_growth))

# The exponents that are judged, and the widest of their intervals.
eval span("rate", "metrics", 'when(strcol("metric")[1:5] eq "rate-", col("value"))')
eval span("half", "metrics", 'when(strcol("metric")[1:5] eq "rate-", (col("high") - col("low")) / 2)')

eval figure("2", sprintf("%d %d", words(widths) + 3, words(networks) + words(free_networks) + 6), "1 1")
eval panel(1, sprintf("%s: the gap along the flow", how(shown)))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", gap_low, most_high)
set xlabel "log t"
set ylabel "largest gap |f_t − f_t^{lin}| so far"
plot for [i=1:words(widths)] paths using (curve(shown, word(widths, \
        i))):(col("curve-low")):(col("curve-high")) @band i, \
    for [i=1:words(widths)] paths using (curve(shown, word(widths, i))):(col("curve")) with lines ls i \
        title sprintf("m = %s", word(widths, i)), \
    for [m in free_widths] free using (curve(first(free_networks), m)):(col("curve")) with lines ls 90, \
    keyentry with lines ls 90 title "control: one-hot, no L2, ".named(first(free_networks)), \
    @nothing sprintf("L2: λ = %s; soft targets: ε = %s", short(claim_lambda), short(claim_epsilon)), \
    @band_key

# Seeds, side by side; lines join their means (smooth unique).
eval panel(2, "largest gap over all time")
eval width_axis(run_widths." ".free_run_widths)
eval log_axis("y", least_low, largest_high)
set ylabel ""
plot for [k=1:words(networks)] runs using (line(word(networks, k)) * beside(k, \
        words(networks))):(col("gap")) with points ls k ps 0.25, \
    for [k=1:words(networks)] runs using (line(word(networks, k)) * beside(k, \
            words(networks))):(col("gap")) smooth unique \
        with linespoints ls k title how(word(networks, k)).", mean", \
    keyentry with points ls 7 pt 7 ps 0.3 title "seeds", \
    for [k=1:words(free_networks)] free_runs using (line(word(free_networks, k))):(col("gap")) smooth unique \
        with linespoints ls 89 + k title sprintf("control: one-hot, %s", named(word(free_networks, k))), \
    @nothing "one-hot: ".horizon, \
    start_mean * aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    start_mean / aside * (x / first(widths))**-1 with lines ls 101 title "m^{−1}", \
    @nothing sprintf("exponents %s to %s (± %s)", gprintf("%.2f", rate_low), gprintf("%.2f", rate_high), \
            gprintf("%.2f", half_high)), \
    @network_key
eval finish
