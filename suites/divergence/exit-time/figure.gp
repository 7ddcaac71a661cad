# log T against sqrt(m) for every threshold: seeds, fitted law, predicted slope, gamma; and what a
# pure power law leaves over.
exits = joined("exits")
laws = joined("laws")
metrics = joined("metrics")
activations = claim_activations
thresholds = claim_thresholds
count = words(thresholds)
eval list("widths", "exits", 'strcol("width")')
shallow(a) = has("activation", word(activations, a)) && col("depth") == 1
row(a, i) = shallow(a) && has("threshold", word(thresholds, i))
gamma_of(a, i) = has("metric", sprintf("gamma-%s-%s", word(activations, a), percent(word(thresholds, i))))
root(a, i) = when(row(a, i), sqrt(col("width")))

# Means over the seeds, for each activation a and threshold i: the law's offset and slope, the
# predicted slope, and the middle and the two ends of the widths that were fitted, as sqrt(m); gamma
# and half the length of its interval.
size = words(activations) * count
array offset[size]; array slope[size]; array predicted[size]; array middle[size]; array end[size]
array begin[size]; array power[size]; array half[size]
do for [a=1:words(activations)] { do for [i=1:count] {
    k = count * (a - 1) + i
    eval span("law", "laws", 'when(row(a, i), col("time-offset"))'); offset[k] = law_mean
    eval span("law", "laws", 'when(row(a, i), col("time-slope"))'); slope[k] = law_mean
    eval span("law", "laws", 'when(row(a, i), col("predicted-slope"))'); predicted[k] = law_mean
    eval span("law", "exits", 'where("law", root(a, i))')
    middle[k] = law_mean; begin[k] = law_low; end[k] = law_high
    eval span("law", "metrics", 'when(gamma_of(a, i), col("value"))'); power[k] = law_mean
    eval span("law", "metrics", 'when(gamma_of(a, i), col("high") - col("low"))'); half[k] = law_mean / 2
}}
inside(k, x) = x >= begin[k] && x <= end[k]
law(k, x) = inside(k, x) ? offset[k] + slope[k] * x : NaN
prediction(k, x) = law(k, middle[k]) + (inside(k, x) ? predicted[k] * (x - middle[k]) : NaN)
eval span("time", "exits", 'when(col("depth") == 1, col("log-time"))')
eval span("root", "exits", 'when(col("depth") == 1, sqrt(col("width")))')

root_axis = "eval linear_axis('x', 0, root_high); set xtics (''0); ".\
    "set for [m in claim_widths] xtics add (sqrt(m) > 0.1 * root_high || m eq first(claim_widths) ? m : \
            '' sqrt(m)); ". \
    "set xlabel 'width m, on a scale of √m'"

eval figure("3", sprintf("%d %d %d", count + 3, count + 3, 2 * words(activations) + 1), "1 1 1")
do for [a=1:words(activations)] {
    eval panel(a, named(word(activations, a)).": time T of the exit")
    eval root_axis
    eval linear_axis("y", 0, time_high)
    set ylabel a == 1 ? "log T" : ""
    plot for [i=1:count] exits using (root(a, i)):(col("log-time")) with points ls i pt 7 ps 0.45, \
        for [i=count:1:-1] law(count * (a - 1) + i, x) with lines ls i lw 3.5 \
            title sprintf("q = %s: γ = %.3f ± %.3f", short(number(word(thresholds, i))), \
                power[count * (a - 1) + i], half[count * (a - 1) + i]), \
        for [i=1:count] prediction(count * (a - 1) + i, x) with lines ls 100 lw 1.4, \
        keyentry with lines ls 7 lw 3.5 title "log T = a + b√m, mean of fits", \
        keyentry with lines ls 100 title "slope b from the hard margin", \
        keyentry with points ls 7 pt 7 ps 0.45 title "seeds"
}

# What the two laws with two parameters leave over at one threshold, mean over the seeds: the last
# that reaches the widest networks.
left = 1
do for [i=1:count] { if (end[i] == root_high) { left = i } }
eval panel(words(activations) + 1, sprintf("left over at q = %s", short(number(word(thresholds, left)))))
eval root_axis
eval linear_axis("x", 0, end[left])
set xtics (''0)
set for [m in claim_widths] xtics add (m sqrt(m))
set autoscale y
set ytics autofreq
unset logscale y
set offsets 0, 0, graph 0.05, graph 0.05
set ylabel "log T − fit"
plot 0 with lines ls 100 title "a fit without error", \
    for [a=1:words(activations)] exits using (where("pure-law", root(a, left))):\
        (col("log-time") - col("pure-law")) smooth unique with linespoints ls 2 dashtype a pt (a == 1 ? 5 \
                : 4) \
        title named(word(activations, a)).": b m^γ", \
    for [a=1:words(activations)] exits using (where("law", root(a, left))):\
        (col("log-time") - col("law")) smooth unique with linespoints ls 1 dashtype a pt (a == 1 ? 7 : 6) \
        title named(word(activations, a)).": a + b√m"
eval finish
