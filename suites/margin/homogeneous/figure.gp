# From lazy to the margin: kernel, loss, normalised margin and norm against log t, one seed, on the
# predicted power laws.
paths = joined("paths")
eval list("networks", "paths", 'strcol("network")')
n = words(networks)
on(i) = has("network", word(networks, i))
log_time(i) = when(on(i), col("log-time"))
eval span("t", "paths", 'col("log-time")')
eval span("margin", "paths", 'col("margin-share")')
eval span("loss", "paths", 'exp(col("loss-share"))')
eval span("norm", "paths", 'when(col("log-time") > 0.01 * claim_log_horizon && col("norm-share") > 0, \
        col("norm-share"))')
eval span("drift", "paths", 'col("drift")')
degree(i) = layers(word(networks, i)) + 1
label(i) = sprintf("%s, L = %d", named(word(networks, i)), layers(word(networks, i)))
late(x) = x > 0.1 * claim_log_horizon ? x : NaN

eval figure("2 2", sprintf("%d %d %d %d", n + 1, n + 1, n, n + 1), "1 1 1 1")
eval panel(1, "the kernel leaves")
eval log_axis("x", t_low, t_high)
eval log_axis("y", drift_low, drift_high)
set xlabel "log t"
set ylabel drift_label
plot 1 with lines ls 100, \
    for [i=1:n] paths using (log_time(i)):(col("drift")) with lines ls i title label(i), \
    keyentry with lines ls 100 title "exit at drift 1"

eval panel(2, "lazy, then the law of the margin")
eval log_axis("y", loss_low, loss_high)
set ylabel "t L over its value at the horizon"
plot for [i=1:n] (late(x) / claim_log_horizon)**(2.0 / degree(i) - 2) with lines ls 100, \
    for [i=1:n] paths using (log_time(i)):(exp(col("loss-share"))) with lines ls i title label(i), \
    keyentry with lines ls 100 title "∝ (log t)^{−(2 − 2/q)}, q = L + 1"

eval panel(3, "the normalised margin grows")
eval log_axis("y", margin_low, margin_high)
set ylabel "γ̃ over its last value"
plot for [i=1:n] paths using (log_time(i)):(col("margin-share")) with lines ls i title label(i)

eval panel(4, "and so does the norm")
eval log_axis("y", norm_low, norm_high)
set ylabel "‖θ‖^2 − ‖θ_0‖^2 over its last value"
plot for [i=1:n] (late(x) / t_high)**(2.0 / degree(i)) with lines ls 100, \
    for [i=1:n] paths using (log_time(i)):(col("norm-share")) with lines ls i title label(i), \
    keyentry with lines ls 100 title "∝ (log t)^{2/q}"
eval finish
