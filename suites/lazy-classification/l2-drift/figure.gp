# Drift of the empirical NTK under L2: along the flow, and its supremum against the width.
paths = joined("trajectories")
zero = control("towards-zero", "trajectories")
runs = joined("runs")
zero_runs = control("towards-zero", "runs")
field_runs = control("mean-field", "runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("zero_networks", "zero_runs", 'strcol("activation")')
eval list("field_networks", "field_runs", 'strcol("activation")')
eval list("zero_widths", "zero", 'strcol("width")')
shown = first(networks)
eval list("widths", "paths", 'is(shown) ? strcol("width") : ""')
eval list("run_widths", "runs", 'strcol("width")')
eval span("t", "paths", 'col("log-time")')
eval span("drift", "paths", 'when(is(shown), col("drift"))')
eval span("most", "zero", 'col("drift-high")')
eval span("least", "runs", 'col("drift")')
eval span("control", "field_runs", 'col("drift")')
eval span("start", "runs", 'when(run(shown, first(widths)), col("drift"))')

eval figure("2", sprintf("%d %d", words(widths) + 3, words(networks) + words(zero_networks) + \
        words(field_networks) + 2), "1 1")
eval panel(1, sprintf("%s, L = %d: drift along the flow", named(shown), layers(shown)))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", drift_low, most_high)
set xlabel "log t"
set ylabel drift_label
plot for [i=1:words(widths)] paths using (curve(shown, word(widths, \
        i))):(col("drift-low")):(col("drift-high")) @band i, \
    for [i=1:words(widths)] paths using (curve(shown, word(widths, i))):(col("drift")) with lines ls i \
        title "m = ".word(widths, i), \
    for [m in zero_widths] zero using (curve(shown, m)):(col("drift")) with lines ls 90, \
    keyentry with lines ls 90 title "control: L2 towards zero", \
    @nothing sprintf("L2 towards θ_0, λ = %s", short(claim_lambda)), \
    @band_key

# smooth unique: the mean over seeds.
eval panel(2, "largest drift over all time")
eval width_axis(run_widths)
eval log_axis("y", least_low, control_high)
set ylabel ""
plot for [k=1:words(networks)] runs using (line(word(networks, k))):(col("drift")) smooth unique \
        with linespoints ls k title network(word(networks, k)).", mean", \
    for [k=1:words(zero_networks)] zero_runs using (line(word(zero_networks, k))):(col("drift")) smooth \
            unique \
        with linespoints ls 90 pt (2 * k + 2) title sprintf("control: L2 towards zero, %s", \
                named(word(zero_networks, k))), \
    for [k=1:words(field_networks)] field_runs using (line(word(field_networks, k))):(col("drift")) \
            smooth unique \
        with linespoints ls 90 pt (2 * k + 6) title sprintf("control: mean field, %s", \
                named(word(field_networks, k))), \
    start_mean * aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    @network_key
eval finish
