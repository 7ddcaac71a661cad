# Drift of the empirical NTK: against log t at each width, and up to three fixed times against the
# width.
paths = joined("trajectories")
runs = joined("runs")
field = control("mean-field", "runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("widths", "paths", 'strcol("width")')
shown = first(networks)
columns = "drift-3 drift-7 drift-11"
until(name) = name[strstrt(name, "-") + 1:]
eval span("t", "paths", 'col("log-time")')
eval span("drift", "paths", 'when(is(shown), col("drift"))')
eval span("top", "paths", 'when(is(shown), col("drift-high"))')
eval span("least", "runs", 'col(first(columns))')
eval span("most", "field", 'col(last(columns))')
eval span("start", "runs", 'when(run(shown, first(widths)), col(last(columns)))')

eval figure("2", sprintf("%d %d", words(widths) + 2, words(columns) + words(networks) + 2), "1 1")
eval panel(1, sprintf("%s: drift along the flow", named(shown)))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", drift_low, top_high)
set xlabel "log t"
set ylabel drift_label
set for [c in columns] arrow from number(until(c)), graph 0 to number(until(c)), graph 1 nohead ls 101
plot for [i=1:words(widths)] paths using (curve(shown, word(widths, \
        i))):(col("drift-low")):(col("drift-high")) @band i, \
    for [i=1:words(widths)] paths using (curve(shown, word(widths, i))):(col("drift")) with lines ls i \
        title "m = ".word(widths, i), \
    keyentry with lines ls 101 title "times of the right panel", \
    @band_key
unset arrow

# smooth unique: the mean over seeds.
eval panel(2, "largest drift up to a time")
eval width_axis(widths)
eval log_axis("y", least_low, most_high)
set ylabel ""
plot for [i=1:words(columns)] keyentry with lines ls i title "log t ≤ ".until(word(columns, i)), \
    for [i=1:words(columns)] for [k=1:words(networks)] runs using (line(word(networks, \
            k))):(col(word(columns, i))) \
        smooth unique with linespoints ls i dashtype k pt (k == 1 ? 7 : 4), \
    for [k=1:words(networks)] field using (line(word(networks, k))):(col(last(columns))) smooth unique \
        with linespoints ls 90 pt (k == 1 ? 7 : 4), \
    for [k=1:words(networks)] keyentry with linespoints ls 7 dashtype k pt (k == 1 ? 7 : 4) \
        title named(word(networks, k)).", mean over seeds", \
    keyentry with lines ls 90 title sprintf("control: mean field, log t ≤ %s", until(last(columns))), \
    aside * start_mean * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}"
eval finish
