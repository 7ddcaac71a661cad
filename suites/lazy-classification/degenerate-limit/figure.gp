# From soft targets to one-hot targets: logits along the flow, where they end, and when.
paths = joined("paths")
runs = joined("runs")
regularised = control("regularised", "runs")
eval list("cases", "runs", 'strcol("case")')
eval list("epsilons", "runs", 'strcol("epsilon")')
count = words(epsilons)
shown = first(cases)
model(name) = sprintf("%s, K = %d", name[1:6] eq "kernel" ? "kernel" : "network", classes(name))
inverse(name) = when(has("case", name), 1 / col("epsilon"))
path(e) = when(has("case", shown) && abs(col("epsilon") - e) <= 0.001 * e, col("log-time"))
eval span("t", "paths", 'when(has("case", shown), col("log-time"))')
eval span("spread", "runs", 'when(has("case", shown), col("spread"))')
eval span("any", "runs", 'col("spread")')
eval span("inverse", "runs", '1 / col("epsilon")')
eval span("late", "runs", 'when(has("case", shown), exp(col("log-time")) / col("late"))')
eval span("early", "runs", 'when(has("case", shown), exp(col("log-time")) * col("early"))')
eval span("arrival", "runs", 'exp(col("log-time"))')
eval span("stopped", "regularised", 'exp(col("log-time"))')
eval span("corner", "runs", 'when(has("case", shown) && 1 / col("epsilon") >= inverse_high, \
        exp(col("log-time")))')

eval figure("3", sprintf("3 %d %d", words(cases) + 2, words(cases) + 3), "1 1 1")
eval panel(1, "logits along the flow")
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", 0, spread_high)
set xlabel "log t"
set ylabel "spread of the logits"
set palette defined (0 "#3388bb", 1 "#0072b2", 2 "#d55e00")
set cbrange [1 : count]
unset colorbox
plot for [k=1:count] paths using (path(number(word(epsilons, k)))):(col("spread")) with lines lw 1.5 lc \
        palette cb k, \
    paths using (when(has("case", shown) && col("epsilon") == 0, col("log-time"))):(col("spread")) \
        with lines ls 100 title "one-hot targets", \
    keyentry with lines lw 2 lc rgb "#d55e00" title sprintf("%s, ε = %s", model(shown), \
            short(number(last(epsilons)))), \
    keyentry with lines lw 2 lc rgb "#3388bb" title sprintf("%s, ε = %s", model(shown), \
            short(number(first(epsilons))))

# smooth unique: the mean over seeds. Points that coincide stand beside each other.
apart(i) = (inverse_high / inverse_low)**(0.012 * (i - (words(cases) + 1) / 2.0))
eval panel(2, sprintf("where it ends, m = %d", claim_width))
eval log_axis("x", inverse_low, inverse_high)
eval linear_axis("y", 0, any_high)
set xlabel "1/ε"
set ylabel "spread of the logits"
plot log(x - 1) with lines ls 100 title "log((1 − ε)/ε)", \
    for [i=1:words(cases)] runs using (inverse(word(cases, i)) * apart(i)):(col("spread")) smooth unique \
        with points ls i title model(word(cases, i)), \
    for [i=1:words(cases)] regularised using (inverse(word(cases, i)) * apart(i)):(col("spread")) smooth \
            unique \
        with points ls i pt open_point(i) lw 1, \
    keyentry with points ls 90 title sprintf("control: L2, λ = %s", short(regularised_lambda))

eval panel(3, "when it arrives")
eval log_axis("y", smaller(stopped_low, smaller(early_low, arrival_low)), larger(late_high, arrival_high))
set ylabel "time T"
plot corner_mean * aside * x / inverse_high with lines ls 100 title "T ∝ 1/ε", \
    runs using (inverse(shown)):(exp(col("log-time")) * col("early")) smooth unique with lines ls 101 \
        title "proved bounds", \
    runs using (inverse(shown)):(exp(col("log-time")) / col("late")) smooth unique with lines ls 101, \
    for [i=1:words(cases)] runs using (inverse(word(cases, i)) * apart(i)):(exp(col("log-time"))) smooth \
            unique \
        with points ls i title model(word(cases, i)), \
    for [i=1:words(cases)] regularised using (inverse(word(cases, i)) * apart(i)):(exp(col("log-time"))) \
        smooth unique with points ls i pt open_point(i) lw 1, \
    keyentry with points ls 90 title sprintf("control: L2, λ = %s", short(regularised_lambda))
eval finish
