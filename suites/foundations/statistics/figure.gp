# Intervals that miss, beside those that should, and what chance allows.
intervals = joined("coverage")
skewed = joined("skewed")
wrong = control("normal-quantiles", "coverage")
eval list("sizes", "intervals", 'strcol("size")')
eval list("levels", "intervals", 'strcol("level")')
eval list("laws", "intervals", 'strcol("law")')
others = strstrt(laws, "normal") == 1 ? laws[strlen("normal ") + 1:] : laws
is_of(law, level) = has("law", law) && has("level", level)
part(name) = col(name) / col("expected")
at(law, level, i) = when(is_of(law, level), col("size") * beside(i, words(levels)) ** 2)
named_level(i) = sprintf("level %g %%", hundredths * number(word(levels, i)))
eval span("allowed", "intervals", 'part("high")')
eval span("least", "intervals", 'when(col("low") > 0, part("low"))')
eval span("found", "wrong", 'part("misses")')
eval span("excess", "skewed", 'col("misses")')
eval span("suite", "skewed", 'col("nominal")')

eval figure("3", sprintf("%d %d 2", words(levels) + 3, words(levels) + 2), "1 1 1")
eval panel(1, "normal samples")
eval width_axis(sizes)
eval log_axis("y", least_low, larger(allowed_high, found_high))
set xlabel "samples n"
set ylabel "misses, over theory"
plot 1 with lines ls 100 title "theory", \
    for [i=1:words(levels)] intervals \
        using (at("normal", word(levels, i), i)):(1):(part("low")):(part("high")) \
        with yerrorbars ls i pt 0 notitle, \
    for [i=1:words(levels)] intervals using (at("normal", word(levels, i), i)):(part("misses")) \
        with points ls i title named_level(i), \
    keyentry with yerrorbars ls 7 pt 0 title "what chance allows", \
    for [i=1:words(levels)] wrong using (at("normal", word(levels, i), i)):(part("misses")) \
        with points ls i lw 1.2 pt open_point(i) ps 0.9 notitle, \
    keyentry with points ls 90 title "control: normal quantiles"

eval panel(2, "other laws")
eval width_axis(sizes)
eval log_axis("y", least_low, larger(allowed_high, found_high))
set xlabel "samples n"
plot 1 with lines ls 100 title "theory", \
    for [law in others] for [i=1:words(levels)] intervals \
        using (at(law, word(levels, i), i)):(1):(part("low")):(part("high")) \
        with yerrorbars ls i pt 0 notitle, \
    for [i=1:words(levels)] intervals using (at(first(others), word(levels, i), i)):(part("misses")) \
        with points ls i title sprintf("%s, %s", first(others), named_level(i)), \
    for [i=1:words(levels)] intervals using (at(last(others), word(levels, i), i)):(part("misses")) \
        with points ls i lw 1.2 pt open_point(i) ps 0.9 notitle, \
    keyentry with points ls 7 lw 1.2 ps 0.9 title sprintf("%s (open points)", last(others))

eval panel(3, "skewed, suite level")
eval width_axis(sizes)
eval log_axis("y", suite_low, excess_high)
set xlabel "samples n"
set ylabel "part that misses"
plot skewed using (col("size")):(col("misses")) with linespoints ls 1 title "by theory", \
    skewed using (col("size")):(col("nominal")) with lines ls 100 title "stated"
eval finish
