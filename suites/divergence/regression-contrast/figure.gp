# Drift of the empirical NTK under squared loss and under cross-entropy: along the flow, and its
# largest value.
squared = joined("trajectories")
crossed = control("cross-entropy", "trajectories")
squared_runs = joined("runs")
crossed_runs = control("cross-entropy", "runs")
eval list("networks", "squared_runs", 'strcol("activation")')
eval list("widths", "squared", 'strcol("width")')
eval list("run_widths", "squared_runs", 'strcol("width")')
shown = first(networks)
eval span("t", "squared", 'col("log-time")')
eval span("longer", "crossed", 'col("log-time")')
eval span("drift", "squared", 'when(is(shown), col("drift"))')
eval span("top", "crossed", 'when(is(shown), col("drift-high"))')
eval span("least", "squared_runs", 'col("drift")')
eval span("most", "crossed_runs", 'col("drift")')
eval span("start", "squared_runs", 'when(run(shown, first(run_widths)), col("drift"))')
horizon = sprintf("log t ≤ %s + %s√m", short(cross_entropy_log_horizon), short(cross_entropy_horizon_growth))

eval figure("2", sprintf("%d %d", words(widths) + 2, 2 * words(networks) + 2), "1 1")
eval panel(1, sprintf("%s: drift along the flow", named(shown)))
eval linear_axis("x", t_low, smaller(2 * t_high, longer_high))
eval log_axis("y", drift_low, top_high)
set xlabel "log t"
set ylabel drift_label
plot for [i=1:words(widths)] squared using (curve(shown, word(widths, \
        i))):(col("drift-low")):(col("drift-high")) @band i, \
    for [i=1:words(widths)] crossed using (curve(shown, word(widths, \
            i))):(col("drift-low")):(col("drift-high")) @band i, \
    for [i=1:words(widths)] squared using (curve(shown, word(widths, i))):(col("drift")) with lines ls i \
        title sprintf("squared loss, m = %s", word(widths, i)), \
    for [i=1:words(widths)] crossed using (curve(shown, word(widths, i))):(col("drift")) with lines ls i \
            dashtype @dots, \
    keyentry with lines ls 90 title "control: cross-entropy", \
    @band_key

# smooth unique: the mean over seeds.
eval panel(2, "largest drift, mean over seeds")
eval width_axis(run_widths)
eval log_axis("y", least_low, most_high)
set ylabel ""
plot for [k=1:words(networks)] squared_runs using (line(word(networks, k))):(col("drift")) smooth unique \
        with linespoints ls k title sprintf("squared loss, all t, %s", named(word(networks, k))), \
    for [k=1:words(networks)] crossed_runs using (line(word(networks, k))):(col("drift")) smooth unique \
        with linespoints ls k dashtype @dots pt (k == 1 ? 6 : 4) \
        title sprintf("control: cross-entropy, %s", named(word(networks, k))), \
    @nothing "cross-entropy: ".horizon, \
    start_mean * aside * (x / first(run_widths))**-0.5 with lines ls 100 title "m^{−1/2}"
eval finish
