# The normalised margin, the loss and the norm against log t, one seed, on the predicted power laws.
paths = joined("paths")
eval list("networks", "paths", 'strcol("network")')
n = words(networks)
on(i) = has("network", word(networks, i))
eval span("t", "paths", 'col("log-time")')
eval span("margin", "paths", 'col("margin-share")')
eval span("loss", "paths", 'when(col("log-time") <= claim_log_horizon, exp(col("loss-share")))')
eval span("norm", "paths", 'col("norm-share")')
fitted(i) = when(on(i) && col("log-time") <= claim_log_horizon, col("log-time"))
degree(i) = layers(word(networks, i)) + 1
label(i) = sprintf("%s, L = %d", named(word(networks, i)), layers(word(networks, i)))

eval figure("3", sprintf("%d %d %d", n, n + 1, n + 1), "1 1 1")
eval panel(1, "normalised margin")
eval log_axis("x", 0.5 * t_low, t_high)
eval log_axis("y", margin_low, margin_high)
set xlabel "log t"
set ylabel "γ̃ over its last value"
plot for [i=1:n] paths using (when(on(i), col("log-time"))):(col("margin-share")) with lines ls i \
    title label(i)

eval panel(2, "loss")
eval log_axis("x", t_low, claim_log_horizon)
eval log_axis("y", loss_low, loss_high)
set ylabel "t L over its last value"
plot for [i=1:n] (x / claim_log_horizon)**(2.0 / degree(i) - 2) with lines ls 100, \
    for [i=1:n] paths using (fitted(i)):(exp(col("loss-share"))) with lines ls i title label(i), \
    keyentry with lines ls 100 title "∝ (log t)^{−(2 − 2/q)}, q = L + 1"

eval panel(3, "norm")
eval log_axis("x", 0.5 * t_low, t_high)
eval log_axis("y", norm_low, norm_high)
set ylabel "‖θ‖^2 − ‖θ_0‖^2 over its last value"
plot for [i=1:n] (x / t_high)**(2.0 / degree(i)) with lines ls 100, \
    for [i=1:n] paths using (when(on(i), col("log-time"))):(col("norm-share")) with lines ls i \
        title label(i), \
    keyentry with lines ls 100 title "∝ (log t)^{2/q}"
eval finish
