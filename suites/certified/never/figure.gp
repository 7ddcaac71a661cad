# Bounds of the kernel's change for all time.
bounds = joined("bounds")
eval span("b", "bounds", 'col("bound")')
eval span("s", "bounds", 'col("seen")')
eval span("t", "bounds", 'col("time")')

eval figure("2", "4 2", "1 1")
eval panel(1, "change of the kernel, all time")
eval width_axis(claim_widths)
eval log_axis("y", s_low, claim_threshold)
set ylabel "‖".Kernel_t." − ".Kernel_0."‖_F / ‖".Kernel_0."‖_F"
plot for [a = 1:words(claim_activations)] bounds \
        using (line(word(claim_activations, a))):(col("bound")) with points ls a \
        title named(word(claim_activations, a)).", proved bound", \
    for [a = 1:words(claim_activations)] bounds \
        using (line(word(claim_activations, a)) * beside(2, 1)):(col("seen")) with points ls 90 \
        title a == 1 ? "largest change seen, proved" : "", \
    claim_threshold with lines ls 100 title "never reached"

eval panel(2, "what the proof takes")
eval width_axis(claim_widths)
eval linear_axis("y", t_low, t_high)
set ylabel "time when the rest is bounded"
plot for [a = 1:words(claim_activations)] bounds \
        using (line(word(claim_activations, a))):(col("time")) with points ls a \
        title named(word(claim_activations, a))
eval finish
