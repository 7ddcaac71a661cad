# Proved exit times, the flow beside them, and how sharp the proofs are.
exits = joined("exits")
root(m) = sqrt(m)
proved(a, q) = when(strcol("activation") eq a && col("threshold") == q, col("high"))
seen(a, q) = when(strcol("activation") eq a && col("threshold") == q, col("flow"))
sharp = 'when(col("high") > col("low"), col("high") - col("low"))'
eval span("m", "exits", 'col("width")')
eval span("t", "exits", 'col("high")')
eval span("w", "exits", sharp)

eval figure("3", "4 4 2", "1 1 1")
do for [a = 1:words(claim_activations)] {
    activation = word(claim_activations, a)
    eval panel(a, named(activation))
    eval linear_axis("x", root(m_low), root(m_high))
    eval linear_axis("y", t_low, t_high)
    set xlabel "√m, m the width"
    set ylabel "log T"
    plot for [k = 1:words(claim_thresholds)] exits \
            using (root(col("width"))):(proved(activation, number(word(claim_thresholds, k)))) \
            with points ls k title "proved, q = ".short(number(word(claim_thresholds, k))), \
        for [k = 1:words(claim_thresholds)] exits \
            using (root(col("width"))):(seen(activation, number(word(claim_thresholds, k)))) \
            with points ls 90 title k == words(claim_thresholds) ? "flow in doubles" : ""
}
eval panel(3, "sharpness")
eval linear_axis("x", t_low, t_high)
eval log_axis("y", w_low, w_high)
set xlabel "log T"
set ylabel "width of the interval of log T"
plot for [a = 1:words(claim_activations)] exits using (col("high")): \
    (when(strcol("activation") eq word(claim_activations, a), @sharp)) with points ls a \
    title named(word(claim_activations, a))
eval finish
