# Spread of the logits with soft targets, and with one-hot targets over a far longer time.
soft = joined("trajectories")
one_hot = control("one-hot", "trajectories")
eval list("networks", "soft", 'classes(strcol("activation")) == 2 ? strcol("activation") : ""')
eval list("one_hot_networks", "one_hot", 'strcol("activation")')
eval list("widths", "soft", 'strcol("width")')
wide = last(widths)
K = claim_classes
epsilon = claim_epsilon
limit = log((1 - (K - 1) * epsilon) / epsilon)
bound = claim_points * log(K) / one_hot_bound_epsilon
limit_title = sprintf("limit log((1 − %s)/ε), ε = %s", K > 2 ? sprintf("%dε", K - 1) : "ε", short(epsilon))
eval span("t", "soft", 'when(is(first(networks)), col("log-time"))')
eval span("spread", "soft", 'when(is(first(networks)), col("spread-low"))')
eval span("top", "soft", 'when(is(first(networks)), col("spread-high"))')
eval span("longer", "one_hot", 'col("log-time")')
eval span("far", "one_hot", 'col("spread")')

eval figure("2", sprintf("%d %d", words(networks) + 2, words(one_hot_networks) + 2), "1 1")
eval panel(1, sprintf("soft targets, %d classes, m = %s", K, wide))
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", smaller(spread_low, limit), larger(top_high, limit))
set xlabel "log t"
set ylabel "spread of the logits, max f − min f"
plot for [k=1:words(networks)] soft using (curve(word(networks, k), \
        wide)):(col("spread-low")):(col("spread-high")) @band k, \
    for [k=1:words(networks)] soft using (curve(word(networks, k), wide)):(col("spread")) with lines ls k \
        title named(word(networks, k)).", mean over seeds", \
    limit with lines ls 100 title limit_title, \
    @band_key

eval panel(2, sprintf("control: one-hot targets, m = %s", wide))
eval linear_axis("x", t_low, longer_high)
eval log_axis("y", limit, larger(far_high, bound))
plot bound with lines ls 101 title sprintf("bound n L_0/ε: n = %d, L_0 = log %d", claim_points, K), \
    limit with lines ls 100 title limit_title, \
    for [k=1:words(one_hot_networks)] one_hot using (curve(word(one_hot_networks, k), wide)):(col("spread")) \
        with lines ls k dashtype @dots title named(word(one_hot_networks, k)).", mean over seeds"
eval finish
