# Distance of the network to the solution with soft targets: along the flow, and at its end against
# the width.
paths = joined("trajectories")
runs = joined("runs")
wrong = control("wrong-epsilon", "runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("wrong_networks", "wrong", 'strcol("activation")')
shown = last(networks)
n = words(networks)
eval list("widths", "paths", 'is(shown) ? strcol("width") : ""')
eval list("run_widths", "runs", 'strcol("width")')
eval span("t", "paths", 'col("log-time")')
eval span("error", "paths", 'when(is(shown), col("curve"))')
eval span("most", "paths", 'when(is(shown), col("curve-high"))')
eval span("least", "runs", 'col("error-empirical")')
eval span("largest", "wrong", 'col("error-empirical")')
eval span("upper", "runs", 'col("error-limit")')
eval span("start", "runs", 'when(run(first(networks), first(widths)), col("error-limit"))')
eval span("below", "runs", 'when(run(first(networks), first(widths)), col("error-empirical"))')

eval figure("2", sprintf("%d %d", words(widths) + 1, 2 * n + words(wrong_networks) + 5), "1 1")
eval panel(1, sprintf("%s: along the flow", network(shown)))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", error_low, most_high)
set xlabel "log t"
set ylabel "largest |P f_t − P f^*|, test points"
plot for [i=1:words(widths)] paths using (curve(shown, word(widths, \
        i))):(col("curve-low")):(col("curve-high")) @band i, \
    for [i=1:words(widths)] paths using (curve(shown, word(widths, i))):(col("curve")) with lines ls i \
        title sprintf("m = %s, mean over seeds", word(widths, i)), \
    @band_key

# smooth unique: the mean over seeds.
eval panel(2, "at the end, mean over seeds")
eval width_axis(run_widths)
eval log_axis("y", least_low, larger(largest_high, upper_high))
set ylabel ""
plot for [k=1:n] runs using (line(word(networks, k))):(col("error-empirical")) smooth unique with \
        linespoints ls k \
        title sprintf("f^* with %s, %s", Kernel_0, network(word(networks, k))), \
    for [k=1:n] runs using (line(word(networks, k))):(col("error-limit")) smooth unique \
        with linespoints ls k dashtype 2 pt (2 * k + 2) title sprintf("f^* with Θ, %s", \
                network(word(networks, k))), \
    runs using (line(shown)):(col("class-means-error")) smooth unique with linespoints ls 8 \
        title sprintf("class means, f^* with %s", Kernel_0), \
    runs using (line(shown)):(col("class-means")) smooth unique with linespoints ls 8 dashtype 2 \
        title "class means, f^* with Θ", \
    for [k=1:words(wrong_networks)] wrong using (line(word(wrong_networks, k))):(col("error-empirical")) \
            smooth unique \
        with linespoints ls 90 title sprintf("control: ε = %s in the formula, %s", \
                short(wrong_epsilon_formula_epsilon), named(word(wrong_networks, k))), \
    start_mean * aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    below_mean / aside * (x / first(widths))**-1 with lines ls 101 title "m^{−1}", \
    @network_key
eval finish
