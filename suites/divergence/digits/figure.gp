# Drift of the empirical NTK on two digits, and accuracy on test images beside kernel logistic
# regression.
paths = joined("trajectories")
l2 = control("l2", "trajectories")
runs = joined("runs")
eval list("networks", "runs", 'strcol("activation")')
eval list("widths", "paths", 'strcol("width")')
narrow = first(widths); wide = last(widths)
n = words(networks)
name(a) = sprintf("%s, L = %d", a[1:8] eq "residual" ? "residual" : "dense ".named(a), layers(a))
eval span("t", "paths", 'col("log-time")')
eval span("drift", "paths", 'when(has("width", wide), col("drift"))')
eval span("drift_top", "paths", 'col("drift-high")')
eval span("right", "paths", 'col("curve-low")')

# Accuracy of kernel logistic regression at the widest networks' fixed and last times, means over
# seeds.
array early[n]; array late[n]; array end[n]
do for [k=1:n] {
    eval span("value", "runs", 'when(run(word(networks, k), wide), col("regression-accuracy-fixed"))')
    early[k] = value_mean
    eval span("value", "runs", 'when(run(word(networks, k), wide), col("regression-accuracy-end"))')
    late[k] = value_mean
    eval span("value", "paths", 'curve(word(networks, k), wide)')
    end[k] = value_high
}

eval figure("2", sprintf("%d %d", n + 4, n + 1), "1 1")
eval panel(1, "drift of the kernel")
eval linear_axis("x", t_low, t_high)
eval log_axis("y", drift_low, drift_top_high)
set xlabel "log t"
set ylabel drift_label
plot for [k=1:n] paths using (curve(word(networks, k), wide)):(col("drift-low")):(col("drift-high")) \
        @band k, \
    claim_threshold with lines ls 100 title sprintf("threshold %s", short(claim_threshold)), \
    for [k=1:n] paths using (curve(word(networks, k), wide)):(col("drift")) with lines ls k \
        title name(word(networks, k)), \
    for [k=1:n] paths using (curve(word(networks, k), narrow)):(col("drift")) with lines ls k lw 0.8, \
    keyentry with lines ls 7 lw 0.8 title sprintf("thin: m = %s; thick: m = %s", narrow, wide), \
    for [k=1:n] l2 using (when(is(word(networks, k)), col("log-time"))):(col("drift")) with lines ls k \
            dashtype @dots, \
    keyentry with lines ls 90 title sprintf("control: L2, λ = %s, m = %s", short(l2_lambda), l2_widths), \
    @band_key

eval panel(2, sprintf("accuracy on test images, m = %s", wide))
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", right_low, 1)
set ylabel "accuracy on test images"
plot for [k=1:n] paths using (curve(word(networks, k), wide)):(col("curve-low")):(col("curve-high")) \
        @band k, \
    for [k=1:n] paths using (curve(word(networks, k), wide)):(col("curve")) with lines ls k \
        title name(word(networks, k)), \
    for [k=1:n] "+" using (claim_log_horizon):(early[k]) every ::0::0 with points ls k ps 1.6, \
    for [k=1:n] "+" using (end[k]):(late[k]) every ::0::0 with points ls k ps 1.6, \
    keyentry with points ls 7 pt 7 ps 1.6 title "kernel logistic regression with Θ"
eval finish
