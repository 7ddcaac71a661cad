# Relative error of the empirical NTK against the width; the same, freed of the law m^(-1/2).
errors = joined("errors")
wrong = control("wrong-weight-variance", "errors")
eval list("names", "errors", 'strcol("network")')
eval list("depths", "errors", 'strcol("depth")')
eval list("wrong_names", "wrong", 'strcol("network")')
eval list("wrong_depths", "wrong", 'strcol("depth")')
eval list("widths", "errors", 'strcol("width")')
eval list("wrong_widths", "wrong", 'strcol("width")')
series(name, depth) = has("network", name) && has("depth", depth)
at(name, depth) = when(series(name, depth), col("width"))
shown = first(names)
eval span("low", "errors", 'when(has("depth", first(depths)) && has("network", shown), col("error-low"))')
eval span("error", "errors", 'col("error")')
eval span("start", "errors", 'when(col("width") == first(widths), col("error"))')

# The first error of each line, in arrays of the networks times the depths.
of_line(name, depth, m) = sprintf('when(series("%s", "%s") && has("width", "%s"), col("error"))', \
    name, depth, m)
place(i, l) = (i - 1) * words(depths) + l
freed(from, m) = col("error") / from * sqrt(col("width") / m)
array begin[words(names) * words(depths)]; array wrong_begin[words(wrong_depths)]
top = 1
do for [i=1:words(names)] { do for [l=1:words(depths)] {
    eval span("first", "errors", of_line(word(names, i), word(depths, l), first(widths)))
    begin[place(i, l)] = first_mean
} }
do for [l=1:words(wrong_depths)] {
    eval span("first", "wrong", of_line(first(wrong_names), word(wrong_depths, l), first(wrong_widths)))
    wrong_begin[l] = first_mean
    eval span("rise", "wrong", sprintf('when(has("depth", "%s"), freed(first_mean, first(wrong_widths)))', \
        word(wrong_depths, l)))
    top = larger(top, rise_high)
}
both = widths
do for [m in wrong_widths] { if (strstrt(" ".both." ", " ".m." ") == 0) { both = both." ".m } }

eval figure("2", sprintf("%d %d", words(names) * words(depths) + 3, words(wrong_depths) + 2), "1 1")
eval panel(1, "dense networks")
eval width_axis(widths)
eval log_axis("y", low_low, error_high)
set ylabel "‖".Kernel_0." − Θ‖_F / ‖Θ‖_F"
plot errors using (at(shown, first(depths))):(col("error-low")):(col("error-high")) @band 7, \
    for [i=1:words(names)] for [l=1:words(depths)] errors using (at(word(names, i), word(depths, \
            l))):(col("error")) \
        with linespoints ls i pt (l == 1 ? 7 : l == 2 ? 5 : 9) \
        title sprintf("%s, L = %s, mean", named(word(names, i)), word(depths, l)), \
    start_low / aside * (x / first(widths))**-0.5 with lines ls 100 title "m^{−1/2}", \
    keyentry with boxes fs transparent solid 0.25 noborder ls 7 \
        title sprintf("band: all seeds, %s, L = %s", named(shown), first(depths)), \
    @nothing "L hidden layers"

eval panel(2, "the same, freed of m^{−1/2}")
eval width_axis(both)
eval linear_axis("y", 1 - (top - 1) / 2, top)
set ylabel "√m · error / its first value"
plot 1 with lines ls 100 title "m^{−1/2}", \
    for [i=1:words(names)] for [l=1:words(depths)] errors \
        using (at(word(names, i), word(depths, l))):(freed(begin[place(i, l)], first(widths))) \
        with linespoints ls i pt (l == 1 ? 7 : l == 2 ? 5 : 9), \
    for [l=1:words(wrong_depths)] wrong \
        using (at(first(wrong_names), word(wrong_depths, l))):(freed(wrong_begin[l], first(wrong_widths))) \
        with linespoints ls 89 + l title sprintf("control: w^2 = %s, %s, L = %s", \
            short(wrong_weight_variance_kernel_weight_variance), named(first(wrong_names)), \
            word(wrong_depths, l)), \
    @nothing "networks as in (a)"
eval finish
