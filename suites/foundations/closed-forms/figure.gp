# Flows on their closed forms, and errors along them.
curves = joined("curves")
eval list("flows", "curves", 'strcol("flow")')
eval span("t", "curves", 'when(has("flow", "physical"), col("log-time"))')
eval span("l", "curves", 'when(has("flow", "physical"), col("found"))')
eval span("e", "curves", 'when(col("error") > 0, col("error"))')
eval span("all", "curves", 'when(!has("flow", "log-loss"), col("log-time"))')
eval span("seen", "curves", 'col("log-time")')
called(flow) = flow eq "modes" ? "linear regression" : \
    flow eq "physical" ? "one point, physical time" : "one point, log-loss time"

eval figure("2", sprintf("2 %d", words(flows)), "1 1")
eval panel(1, "logistic loss of one point")
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
last_of(flow) = flow eq "log-loss" ? seen_high : all_high
plot for [i=1:words(flows)] curves using (when(has("flow", word(flows, i)), \
            (col("log-time") - seen_low) / (last_of(word(flows, i)) - seen_low))):(col("error")) \
        with linespoints ls i title called(word(flows, i))
eval finish
