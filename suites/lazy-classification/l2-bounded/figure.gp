# Distance from the initialisation under L2 and without; and every run beside its own bound.
paths = joined("trajectories")
without = control("no-regulariser", "trajectories")
runs = joined("runs")
free_runs = control("no-regulariser", "runs")
lambda = sprintf("λ = %s", short(claim_lambda))
control_lambda = sprintf("λ = %s", short(no_regulariser_lambda))
bound = sqrt(2 * log(2) / claim_lambda)
eval list("networks", "runs", 'strcol("activation")')
eval list("widths", "paths", 'strcol("width")')
m = last(widths)
binary = ""
do for [a in networks] { if (strstrt(a, "-") == 0) { binary = binary.a." " } }
eval span("t", "paths", 'col("log-time")')
eval span("free", "without", 'when(col("log-time") < t_high, col("displacement"))')
eval span("top", "runs", 'col("displacement-ratio")')
eval span("over", "free_runs", 'col("displacement-ratio")')

eval figure("2", sprintf("%d %d", 2 * words(binary) + 2, words(networks) + 3), "1 1")
eval panel(1, sprintf("distance from the initialisation, m = %s", m))
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", 0, larger(bound, free_high))
set xlabel "log t"
set ylabel "‖θ_t − θ_0‖"
plot for [i=1:words(binary)] paths using (curve(word(binary, i), m)):\
        (col("displacement-low")):(col("displacement-high")) @band i, \
    for [i=1:words(binary)] paths using (curve(word(binary, i), m)):\
        (col("displacement")) with lines ls i title named(word(binary, i)).", ".lambda, \
    bound with lines ls 100 title "bound √(2 L_0/λ), L_0 = log 2", \
    for [i=1:words(binary)] without using (curve(word(binary, i), m)):\
        (col("displacement")) with lines ls i dashtype @dots title named(word(binary, \
                i)).", ".control_lambda, \
    @band_key

loss(name) = strstrt(name, "-brier") ? ", Brier" : strstrt(name, "-poisson") ? ", Poisson" : ""
label(i) = named(word(networks, i)).loss(word(networks, i)).", K = ".classes(word(networks, i))
at(name) = sum [i=1:words(networks)] (name eq word(networks, i) ? i : 0)
eval panel(2, "each run, beside its own bound")
set xrange [0.5 : words(networks) + 0.5]
eval log_axis("y", top_low, larger(1, over_high))
set xtics ("" 1)
set for [i=1:words(networks)] xtics add (sprintf("%d", i) i)
set xlabel "network"
set ylabel "sup ‖θ_t − θ_0‖ / √(2 L_0/λ)"
plot 1 with lines ls 100 title "the bound", \
    runs using (at(strcol("activation"))):(col("displacement-ratio")) with points ls 1 \
        title sprintf("%s, each run", lambda), \
    free_runs using (at(strcol("activation"))):(col("displacement-ratio")) with points ls 90 \
        title sprintf("control: %s, log t ≤ %s", control_lambda, short(no_regulariser_log_horizon)), \
    for [i=1:words(networks)] @nothing sprintf("%d  %s", i, label(i))
eval finish
