# The residual step by step, and the largest drift against the width.
runs = joined("runs")
paths = joined("paths")
eval list("widths", "paths", 'strcol("width")')
eval list("networks", "runs", 'strcol("activation")')
shown = word(networks, 1)
on(i) = when(has("activation", shown) && has("width", word(widths, i)), col("step"))
eval span("step", "paths", 'col("step")')
eval span("left", "paths", 'when(has("activation", shown) && col("below") > rounding, col("below"))')
eval span("up", "paths", 'when(has("activation", shown), col("above"))')
eval span("m", "runs", 'col("width")')
eval span("low", "runs", 'col("drift")')
eval span("high", "runs", 'col("drift-above")')
number(name) = sum [i=1:words(networks)] (name eq word(networks, i) ? i : 0)
side(name) = col("width") * beside(number(name), words(networks))

eval figure("2", sprintf("%d %d", 2 * words(widths), 2 * words(networks) + 1), "1 1")
eval panel(1, sprintf("residual, %s", named(shown)))
eval linear_axis("x", step_low, step_high)
eval log_axis("y", left_low, up_high)
set xlabel "step"
set ylabel "‖f − y‖ over its start"
plot for [i=1:words(widths)] paths using (on(i)):(col("below")) with lines ls i \
        title sprintf("m = %s, κ = %s", word(widths, i), short(claim_below)), \
    for [i=1:words(widths)] paths using (on(i)):(col("above")) with lines ls i dashtype @dots \
        title sprintf("m = %s, κ = %s", word(widths, i), short(claim_above))

eval panel(2, "largest drift")
eval log_axis("x", m_low, m_high)
eval log_axis("y", low_low, high_high)
set xlabel "width m"
set ylabel drift_label
plot aside * low_high * sqrt(m_low / x) with lines ls 100 title "m^{−1/2}", \
    for [i=1:words(networks)] runs using (when(has("activation", word(networks, i)), \
        side(strcol("activation")))):(col("drift")) with points ls i \
        title sprintf("%s, κ = %s", named(word(networks, i)), short(claim_below)), \
    for [i=1:words(networks)] runs using (when(has("activation", word(networks, i)), \
        side(strcol("activation")))):(col("drift-above")) with points ls i pt open_point(i) ps 0.9 \
        title sprintf("%s, κ = %s", named(word(networks, i)), short(claim_above))
eval finish
