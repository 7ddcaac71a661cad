# Ratios of distances under smooth activations, and their constants.
sphere = joined("sphere")
space = joined("space")
relu = control("relu", "space")
eval list("names", "sphere", 'strcol("kernel")')
eval list("relu_names", "relu", 'strcol("kernel")')
steepness = 'col("feature") / col("distance")'
eval span("r", "sphere", 'col("distance")')
eval span("steep", "sphere", steepness)
eval span("bound", "sphere", steepness.' / col("ratio")')
eval span("near", "space", 'col("distance")')
eval span("least", "space", 'col("ratio")')
eval span("most", "relu", 'col("ratio")')
from(name) = when(has("kernel", name), col("distance"))

eval figure("2", sprintf("%d %d", words(names) + 1, words(names) + words(relu_names) + 1), "1 1")
eval panel(1, "on the sphere")
eval log_axis("x", r_low, r_high)
eval linear_axis("y", 0, larger(steep_high, bound_high))
set xlabel "distance r of two points on the sphere"
set ylabel "‖Φ(x) − Φ(y)‖ / r"
plot for [i=1:words(names)] sphere using (from(word(names, i))):(@steepness / col("ratio")) with lines ls \
        100, \
    for [i=1:words(names)] sphere using (from(word(names, i))):(@steepness) with linespoints ls i \
        title named(word(names, i)), \
    keyentry with lines ls 100 title "bounds √κ'(1)"

eval panel(2, "everywhere, the worst pair")
eval log_axis("x", near_low, near_high)
eval log_axis("y", least_low, larger(1, most_high))
set xlabel "distance r / min(‖x‖, ‖y‖)"
set ylabel "‖Φ(x) − Φ(y)‖ / printed bound"
plot 1 with lines ls 100 title "the printed bound", \
    for [i=1:words(relu_names)] relu using (from(word(relu_names, i))):(col("ratio")) with linespoints ls 90 \
        title "control: ".named(word(relu_names, i)), \
    for [i=1:words(names)] space using (from(word(names, i))):(col("ratio")) with linespoints ls i \
        title named(word(names, i))
eval finish
