# Both sides of the loss law along flows, proved.
law = joined("law")
eval list("widths", "law", 'strcol("width")')
eval span("t", "law", 'col("log-time")')
eval span("h", "law", 'col("high")')
eval span("r", "law", 'col("slack")')
shown(a, m) = when(is(a) && has("width", m) && col("seed") == 0, col("log-time"))
style_of(a, i) = (a - 1) * words(widths) + i
called(a, i) = sprintf("%s, m = %s", named(word(claim_activations, a)), word(widths, i))

eval figure("2", sprintf("%d %d", words(claim_activations) * words(widths) + 1, \
        words(claim_activations) * words(widths)), "2 2")
eval panel(1, "left over right of the law")
eval linear_axis("x", t_low, t_high)
eval linear_axis("y", 0, 1)
set xlabel "log t"
set ylabel "∫ds/(nW²) over F(nL_0) − F(nL_t)"
plot for [a=1:words(claim_activations)] for [i=1:words(widths)] law \
        using (shown(word(claim_activations, a), word(widths, i))):(col("high")) \
        with linespoints ls style_of(a, i) title called(a, i), \
    for [a=1:words(claim_activations)] for [i=1:words(widths)] law \
        using (shown(word(claim_activations, a), word(widths, i))):(col("low")) \
        with lines ls style_of(a, i), \
    1 with lines ls 100 title "the law"

eval panel(2, "room left")
eval log_axis("y", r_low, r_high)
set ylabel "right over left, less 1"
plot for [a=1:words(claim_activations)] for [i=1:words(widths)] law \
        using (shown(word(claim_activations, a), word(widths, i))):(col("slack")) \
        with linespoints ls style_of(a, i) title called(a, i)
eval finish
