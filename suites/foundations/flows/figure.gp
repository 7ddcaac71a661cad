# Flows on their closed forms, and errors along them.
curves = joined("curves")
eval list("flows", "curves", 'strcol("flow")')
eval span("t", "curves", 'when(has("flow", "physical"), col("log-time"))')
eval span("l", "curves", 'when(has("flow", "physical"), col("found"))')
eval span("e", "curves", 'when(col("error") > 0, col("error"))')
do for [i=1:words(flows)] {
    eval span("s".i, "curves", 'when(has("flow", word(flows, i)), col("log-time"))')
}
low_of(i) = value("s".i."_low")
high_of(i) = value("s".i."_high")
called(flow) = flow eq "stiff" ? "stiff modes, outputs" : \
    flow eq "physical" ? "three classes, log L" : "likewise, in log-loss time"

eval figure("2", sprintf("2 %d", words(flows)), "1 1")
eval panel(1, "softmax loss of one point")
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", l_low, l_high)
set xlabel "log t"
set ylabel "log L"
plot curves using (when(has("flow", "physical"), col("log-time"))):(col("theory")) with lines ls 100 \
        title "closed form", \
    curves using (when(has("flow", "physical"), col("log-time"))):(col("found")) with points ls 1 \
        title "flow"

eval panel(2, "errors along the flows")
eval linear_axis("x", 0, 1)
eval log_axis("y", e_low, e_high)
set xlabel "part of the range of log t"
set ylabel "error"
plot for [i=1:words(flows)] curves using (when(has("flow", word(flows, i)), \
            (col("log-time") - low_of(i)) / (high_of(i) - low_of(i)))):(when(col("error") > 0, \
            col("error"))) \
        with linespoints ls i title called(word(flows, i))
eval finish
