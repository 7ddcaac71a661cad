# Distance from the initialisation and t * loss against log t; L2 and soft targets beside.
paths = joined("trajectories")
l2 = control("l2", "trajectories")
soft = control("soft-targets", "trajectories")
runs = joined("runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("widths", "paths", 'strcol("width")')
narrow = first(widths); wide = last(widths)
shown = first(networks)
n = words(networks)
eval span("t", "paths", 'col("log-time")')
eval span("far", "paths", 'col("displacement-high")')

# The hard margin's slope: a line through the mean where t L(t) is largest, before the kernel moves.
product(a) = exp(col("log-time") + col(a))
eval span("peak", "paths", 'when(run(shown, wide), product("log-loss"))')
eval span("peak", "paths", 'when(run(shown, wide) && product("log-loss") >= peak_high, col("log-time"))')
middle = peak_mean
eval span("slope", "runs", 'when(run(shown, wide), col("margin-norm"))')
eval span("square", "runs", 'when(run(shown, wide), 2 * log(col("margin-norm")))')
eval span("offset", "paths", 'when(run(shown, wide) && col("log-time") == middle, col("displacement") - \
        slope_mean * col("log-time"))')
hard_margin(x) = x > middle ? offset_mean + slope_mean * x : NaN
eval span("product", "paths", 'when(has("width", wide), product("log-loss"))')
eval span("stopped", "soft", 'when(run(shown, wide), product("log-loss"))')

eval figure("2", sprintf("%d %d", n + 5, n + 5), "1 1")
eval panel(1, sprintf("distance from the initialisation, m = %s", wide))
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", 0, far_high)
set xlabel "log t"
set ylabel "‖θ_t − θ_0‖"
plot for [k=1:n] paths using (curve(word(networks, k), \
        wide)):(col("displacement-low")):(col("displacement-high")) @band k, \
    for [k=1:n] paths using (curve(word(networks, k), wide)):(col("displacement")) with lines ls k \
        title "one-hot, ".named(word(networks, k)), \
    paths using (curve(shown, narrow)):(col("displacement")) with lines ls 1 lw 0.8 \
        title sprintf("one-hot, %s, m = %s", named(shown), narrow), \
    hard_margin(x) with lines ls 100 title "slope ‖ŵ‖ of the hard margin", \
    soft using (curve(shown, wide)):(col("displacement")) with lines ls 3 dashtype @dots \
        title sprintf("control: soft targets, ε = %s", short(soft_targets_epsilon)), \
    l2 using (curve(shown, wide)):(col("displacement")) with lines ls 4 dashtype @dots \
        title sprintf("control: L2, λ = %s", short(l2_lambda)), \
    @band_key

eval panel(2, sprintf("time × loss, m = %s", wide))
eval log_axis("y", product_low, square_mean * product_high / product_low)
set ylabel "t · L(t)"
plot exp(square_mean) with lines ls 101 title "limit ‖ŵ‖^2, mean", \
    paths using (curve(shown, wide)):(exp(col("curve"))) with lines ls 8 lw 4 \
        title named(shown)." linearised", \
    for [k=1:n] paths using (curve(word(networks, k), wide)):(product("log-loss")) with lines ls k \
        title "one-hot, ".named(word(networks, k)), \
    soft using (curve(shown, wide)):(product("log-loss")) with lines ls 3 dashtype @dots \
        title "control: soft targets", \
    l2 using (curve(shown, wide)):(product("log-loss")) with lines ls 4 dashtype @dots title "control: L2"
eval finish
