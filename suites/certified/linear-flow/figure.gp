# Margins of linear models, proved, and the proved error of the flow in doubles.
outputs = joined("outputs")
eval list("problems", "outputs", 'strcol("problem")')
eval span("t", "outputs", 'col("log-time")')
eval span("z", "outputs", 'col("smallest")')
eval span("y", "outputs", 'col("largest")')
eval span("w", "outputs", 'col("interval")')
eval span("f", "outputs", 'col("flow")')
shown(problem) = when(has("problem", problem) && col("seed") == 0, col("log-time"))
called(problem) = problem eq "parity" ? "parity on a cube" : problem eq "sphere" ? "uniform points" : \
    "linearised network"

eval figure("2", sprintf("%d %d", words(problems) + 1, words(problems) + 1), "1 1")
eval panel(1, "margins")
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", z_low, y_high)
set xlabel "log t"
set ylabel "smallest and largest y_i f_i(t)"
plot for [i=1:words(problems)] outputs using (shown(word(problems, i))):(col("smallest")) \
        with lines ls i title called(word(problems, i)), \
    for [i=1:words(problems)] outputs using (shown(word(problems, i))):(col("largest")) with lines ls i, \
    x >= 0 ? x : NaN with lines ls 100 title "log t"

eval panel(2, "error of the flow in doubles")
eval log_axis("y", w_low, f_high)
set ylabel "largest error of an output"
plot for [i=1:words(problems)] outputs using (shown(word(problems, i))):(col("flow")) \
        with linespoints ls i title called(word(problems, i)).", proved bound", \
    for [i=1:words(problems)] outputs using (shown(word(problems, i))):(col("interval")) \
        with lines ls i dashtype @dots title i == 1 ? "dots: width of the intervals" : ""
eval finish
