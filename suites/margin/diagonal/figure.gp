# The direction at fixed mu against log(1/epsilon), and the errors of the closed form.
runs = joined("runs")
wrong = control("wrong-power", "runs")
eval span("inverse", "runs", 'when(col("distance") > 0, col("log-inverse"))')
eval span("low", "wrong", 'when(col("distance") > 0, col("log-inverse"))')
eval span("distance", "runs", 'when(col("distance") > 0, col("distance"))')
eval span("far", "wrong", 'when(col("distance") > 0, col("distance"))')
eval span("product", "runs", 'when(col("distance") > 0, col("product"))')
eval span("alpha", "runs", 'col("alpha")')
eval span("clock", "runs", 'col("clock")')
eval span("invariant", "runs", 'col("invariant")')

eval figure("2", "3 2", "1 1")
eval panel(1, sprintf("direction at μ = %s", short(claim_mu)))
eval log_axis("x", smaller(low_low, inverse_low), larger(low_high, inverse_high))
eval log_axis("y", distance_low, larger(distance_high, far_high))
set xlabel "log(1/ε)"
set ylabel "distance from the limit, relative"
plot product_mean / x with lines ls 100 title "∝ 1/log(1/ε)", \
    runs using (when(col("distance") > 0, col("log-inverse"))):(col("distance")) with points ls 1 \
        title "μ = log(1/ε)/α^2", \
    wrong using (when(col("distance") > 0, col("log-inverse"))):(col("distance")) with points ls 90 \
        title "control: log(1/ε)/α in its place"

eval panel(2, "errors of the closed form")
eval log_axis("x", alpha_low, alpha_high)
eval log_axis("y", smaller(clock_low, invariant_low), larger(clock_high, invariant_high))
set xlabel "α"
set ylabel "largest error"
plot runs using (col("alpha")):(col("invariant")) with points ls 1 title "u v = α^2", \
    runs using (col("alpha")):(col("clock")) with points ls 2 title "clock of one point, log t"
eval finish
