# Drift of the empirical NTK of residual networks against log t, and exit times against the root of
# the width.
paths = joined("trajectories")
soft = control("soft-targets", "trajectories")
squared = control("squared-loss", "trajectories")
runs = joined("runs")
eval list("widths", "paths", 'strcol("width")')
wide = last(widths)
thresholds = claim_thresholds
columns = "log-exit-small log-exit-middle log-exit-large"
count = words(columns)
eval span("t", "paths", 'col("log-time")')
eval span("drift", "paths", 'col("drift")')
eval span("most", "paths", 'col("drift-high")')
eval span("early", "runs", 'col(first(columns))')
eval span("late", "runs", 'col(last(columns))')

# Lines through the mean log T of each threshold.
array slope[count]; array offset[count]
do for [k=1:count] {
    stats runs using (sqrt(col("width"))):(col(word(columns, k))) nooutput
    slope[k] = STATS_slope; offset[k] = STATS_intercept
}

eval figure("2", sprintf("%d %d", words(widths) + 4, count + 2), "1 1")
eval panel(1, sprintf("drift of the kernel, %d blocks", claim_depth))
eval linear_axis("x", t_low, t_high)
eval log_axis("y", drift_low, most_high)
set xlabel "log t"
set ylabel drift_label
plot for [i=1:words(widths)] paths using (when(has("width", word(widths, i)), col("log-time"))):\
        (col("drift-low")):(col("drift-high")) @band i, \
    number(last(thresholds)) with lines ls 100 title sprintf("threshold %s", \
            short(number(last(thresholds)))), \
    for [i=1:words(widths)] paths using (when(has("width", word(widths, i)), \
            col("log-time"))):(col("drift")) \
        with lines ls i title "one-hot, m = ".word(widths, i), \
    soft using (col("log-time")):(col("drift")) with lines ls 90 \
        title sprintf("control: soft targets, m = %s", soft_targets_widths), \
    squared using (col("log-time")):(col("drift")) with lines ls 91 lc rgb "black" \
        title sprintf("control: squared loss, m = %s", squared_loss_widths), \
    @band_key

# The seeds of one threshold stand beside those of the others.
aside_of(k) = 0.01 * (k - 2) * (sqrt(wide) - sqrt(first(widths)))
eval panel(2, "time at which the drift reaches q")
eval linear_axis("x", sqrt(first(widths)), sqrt(wide))
eval linear_axis("y", early_low, late_high)
set xtics ("" 0)
set for [m in widths] xtics add (m sqrt(m))
set xlabel "width m, on a scale of √m"
set ylabel "log T"
plot for [k=count:1:-1] runs using (sqrt(col("width")) + aside_of(k)):(col(word(columns, k))) with points \
        ls k \
        title sprintf("q = %s, a point for each seed", short(number(word(thresholds, k)))), \
    for [k=1:count] offset[k] + slope[k] * x with lines ls k lw 1.2, \
    keyentry with lines ls 7 lw 1.2 title "log T = a + b√m, fitted", \
    @nothing "moved sideways to be told apart"
eval finish
