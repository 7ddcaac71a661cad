# Drift of the empirical NTK under soft targets, against the width, and its local exponent: ReLU's
# crossover.
runs = joined("runs")
field_runs = control("mean-field", "runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("field_networks", "field_runs", 'strcol("activation")')
eval list("widths", "runs", 'is(first(networks)) ? strcol("width") : ""')
eval list("run_widths", "runs", 'strcol("width")')
n = words(networks)
eval span("least", "runs", 'col("drift")')
eval span("most", "field_runs", 'col("drift")')
eval span("start", "runs", 'when(run(first(networks), first(widths)), col("drift"))')

# Means over seeds of the logarithm of the drift, their local exponents between neighbouring widths,
# and the standard error of these, with the two widths' errors as if independent.
most_widths = words(run_widths)
array middle[n * most_widths]; array exponent[n * most_widths]; array error[n * most_widths]
array steps_of[n]
lowest = -1.0
do for [k=1:n] {
    eval list("own", "runs", 'is(word(networks, k)) ? strcol("width") : ""')
    steps_of[k] = words(own) - 1
    do for [i=1:words(own)] {
        stats runs using (when(run(word(networks, k), word(own, i)), log(col("drift")))) nooutput
        mean = STATS_mean; deviation = STATS_stddev / sqrt(STATS_records); here = log(word(own, i))
        if (i > 1) {
            j = (k - 1) * most_widths + i - 1
            middle[j] = exp((here + before) / 2)
            exponent[j] = (mean - earlier) / (here - before)
            error[j] = sqrt(deviation**2 + spread**2) / (here - before)
            lowest = smaller(lowest, exponent[j] - error[j])
        }
        earlier = mean; spread = deviation; before = here
    }
}

eval figure("2", sprintf("%d %d", n + words(field_networks) + 3, n + 3), "1 1")
eval panel(1, sprintf("largest drift over all time, ε = %s", short(claim_epsilon)))
eval width_axis(run_widths)
eval log_axis("y", least_low, most_high)
set ylabel "largest ".drift_label
plot for [k=1:n] runs using (line(word(networks, k))):(col("drift")) smooth unique with linespoints ls k \
        title network(word(networks, k)).", mean", \
    for [k=1:words(field_networks)] field_runs using (line(word(field_networks, k))):(col("drift")) \
            smooth unique \
        with linespoints ls 89 + k title sprintf("control: mean field, %s", named(word(field_networks, k))), \
    aside * start_mean * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    start_mean / aside * (x / first(widths))**-1 with lines ls 101 title "m^{−1}", \
    @network_key

eval panel(2, "local exponent between widths")
eval width_axis(run_widths)
eval linear_axis("y", lowest, 0)
set ylabel "d log drift / d log m"
plot for [k=1:n] for [i=1:steps_of[k]] '+' using (middle[(k - 1) * most_widths + i] * (1 + 0.03 * k)):\
        (exponent[(k - 1) * most_widths + i]):(error[(k - 1) * most_widths + i]) every ::0::0 \
        with yerrorbars ls k, \
    for [k=1:n] keyentry with points ls k title network(word(networks, k)), \
    @nothing "bars: one standard error over seeds", \
    -0.5 with lines ls 100 title "m^{−1/2}", -1 with lines ls 101 title "m^{−1}"
eval finish
