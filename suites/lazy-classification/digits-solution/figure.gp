# Ten digits: distance of the network to its kernel solutions, and the accuracies side by side.
runs = joined("runs")
wrong = control("wrong-lambda", "runs")
eval list("widths", "runs", 'strcol("width")')
errors = "error-empirical error-limit"
formulas = sprintf("'%s' 'Θ'", Kernel_0)
accuracies = "accuracy-network accuracy-linearised accuracy-limit"
models = "'network' 'linearised network' 'infinite width'"
array level[words(errors)]   # at the narrowest width
do for [i=1:words(errors)] {
    eval span("value", "runs", 'when(has("width", first(widths)), col(word(errors, i)))'); level[i] = \
            value_mean
}
eval span("least", "runs", 'col(first(errors))')
eval span("most", "runs", 'col(last(errors))')
eval span("wrong", "wrong", 'col(first(errors))')
eval span("right", "runs", 'col(first(accuracies))')

eval figure("2", sprintf("%d %d", words(errors) + 4, words(accuracies) + 2), "1 1")
eval panel(1, "distance at the end")
eval width_axis(widths)
eval log_axis("y", smaller(least_low, level[1] * first(widths) / last(widths)), larger(most_high, wrong_high))
set ylabel "largest |f_T − f^*| over all images"
plot for [i=1:words(errors)] runs using (col("width") * beside(i, words(errors))):(col(word(errors, i))) \
        with points ls i ps 0.3, \
    for [i=1:words(errors)] runs using (col("width") * beside(i, words(errors))):(col(word(errors, i))) \
            smooth unique with lines ls i \
        title sprintf("f^* with %s, mean over seeds", word(formulas, i)), \
    keyentry with points ls 7 pt 7 ps 0.3 title "seeds", \
    wrong using (col("width")):(col(first(errors))) smooth unique with linespoints ls 90 \
        title sprintf("control: %s λ in the formula", short(wrong_lambda_lambda_factor)), \
    level[2] * aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    level[1] / aside * (x / first(widths))**-1 with lines ls 101 title "m^{−1}"

eval panel(2, "accuracy on test images")
eval linear_axis("y", 0, 1)
set ylabel "accuracy on test images"
plot 1.0 / classes(first(claim_activations)) with lines ls 100 title sprintf("chance, 1/%d", \
        classes(first(claim_activations))), \
    for [i=1:words(accuracies)] runs using (col("width") * beside(i, \
            words(accuracies))):(col(word(accuracies, i))) with points ls i ps 0.3, \
    for [i=1:words(accuracies)] runs using (col("width") * beside(i, \
            words(accuracies))):(col(word(accuracies, i))) smooth unique \
        with linespoints ls i title word(models, i).", mean", \
    keyentry with points ls 7 pt 7 ps 0.3 title "seeds, each with images of its own"
eval finish
