# Bounds of the kernel's change for all time, and how far the flow still goes.
bounds = joined("bounds")
eval span("b", "bounds", 'col("bound")')
eval span("s", "bounds", 'col("seen")')
networks = words(claim_activations)
near(a) = sqrt(sqrt(beside(a, networks)))
how(name) = named(name).(strstrt(name, "-l2") ? ", L2" : strstrt(name, "-soft") ? ", soft" : ", squared loss")

eval figure("2", "4 2", "1 1")
eval panel(1, "change of the kernel, all time")
eval width_axis(claim_widths)
eval log_axis("y", s_low, claim_threshold)
set ylabel "‖".Kernel_t." − ".Kernel_0."‖_F / ‖".Kernel_0."‖_F"
plot for [a = 1:networks] bounds \
        using (line(word(claim_activations, a)) * near(a)):(col("bound")) with points ls a \
        title how(word(claim_activations, a)), \
    for [a = 1:networks] bounds \
        using (line(word(claim_activations, a)) * near(a)):(col("seen")) with points ls 90 \
        title a == 1 ? "largest change seen, proved" : "", \
    claim_threshold with lines ls 100 title "never reached"

eval panel(2, "the way that is left")
eval width_axis(claim_widths)
eval linear_axis("y", 0, 1)
set ylabel "distance to rest / proved radius"
plot for [a = 1:networks] bounds \
        using (line(word(claim_activations, a)) * near(a)):(col("travel")) with points ls a \
        notitle, \
    1 with lines ls 100 notitle
eval finish
