# The figure of an ensemble of networks beside the law that is claimed for them: a band along a
# circle, quantiles of whitened outputs, deviations against 1/m. A figure.gp that loads it has set
#     law, law_title, band_title   the law's name in the tables and in the figure; the first panel's
#     output_title, test_title     what the networks give out; the second panel's title
#     plain                        networks of a control on the circle, or ""
#     mixture, mixture_law, mixture_title    quantiles of a control
circle = joined("circle")
quantiles = joined("quantiles")
deviations = joined("deviations")
eval list("widths", "quantiles", 'strcol("width")')
eval list("mixture_widths", "mixture", 'strcol("width")')
narrow = first(widths); wide = last(widths)
mixed = last(mixture_widths)
in(name) = has("law", name)
laws = words(law)
eval span("low", "circle", 'col("mean") - normal_95 * col("deviation")')
eval span("high", "circle", 'col("mean") + normal_95 * col("deviation")')
eval span("least", "circle", 'col("q1")')
eval span("most", "circle", 'col("q5")')
bottom = smaller(low_low, least_low); top = larger(high_high, most_high)
if (plain ne "") { eval span("plain", "plain", 'col("q5")'); top = larger(top, plain_high)
    eval span("plain", "plain", 'col("q1")'); bottom = smaller(bottom, plain_low) }
eval span("z", "quantiles", 'in(first(law)) ? col("z") : NaN')
eval span("mixture", "mixture", 'in(mixture_law) ? col("z") : NaN')
eval span("normal", "quantiles", 'invnorm(col("probability"))')

# The deviations: at 1/m = 0 those of the linearised networks, each with its error, side by side.
of(kind) = in(first(law)) && has("kind", kind)
eval span("deviation", "deviations", 'when(in(first(law)) && (has("kind", "mean") || has("kind", \
        "covariance")), col("value") - (col("width") == 0 ? col("error") : 0))')
lowest = deviation_low
eval span("deviation", "deviations", 'when(in(first(law)) && (has("kind", "mean") || has("kind", \
        "covariance")), col("value") + (col("width") == 0 ? col("error") : 0))')
eval span("means", "deviations", 'when(of("mean"), col("index"))')
eval span("covariances", "deviations", 'when(of("covariance"), col("index"))')
room = 0.125 / narrow
spread_out(n) = room * (0.8 * col("index") / (n + 1.0) - 0.4)

# One point in so many of the quantiles, whose middle is dense.
eval span("records", "quantiles", 'when(in(first(law)) && has("width", wide), col("z"))')
every_ = thinned(records_count)

eval figure(laws > 1 ? sprintf("%d 2", laws) : "3", laws > 1 ? "5 5 4 4" : sprintf("%d 4 4", plain eq "" \
        ? 4 : 5), laws > 1 ? "1 1 1 1" : "1 1 1")
do for [l=1:laws] {
    eval panel(l, word(band_title, l))
    eval linear_axis("x", 0, 2 * pi)
    eval linear_axis("y", bottom, top)
    set xtics ("0" 0, "π" pi, "2π" 2 * pi)
    set xlabel "angle on a circle"
    set ylabel output_title
    if (plain eq "") {
        plot circle using (when(in(word(law, l)), col("angle"))):(col("mean") - normal_95 * \
                col("deviation")): \
                (col("mean") + normal_95 * col("deviation")) with filledcurves fs transparent solid 0.2 \
                        noborder ls 1 \
                title sprintf("%s, 95 %%", law_title), \
            circle using (when(in(word(law, l)), col("angle"))):(col("mean")) with lines ls 100 title \
                    sprintf("%s, mean", law_title), \
            for [q in "q1 q5"] circle using (when(in(word(law, l)), col("angle"))):(col(q)) with points \
                    ls 2 pt 7 ps 0.4, \
            circle using (when(in(word(law, l)), col("angle"))):(col("q3")) with points ls 1 pt 7 ps 0.4 \
                    title "networks, median", \
            keyentry with points ls 2 pt 7 ps 0.7 title "networks, middle 95 %"
    } else {
        plot circle using (when(in(word(law, l)), col("angle"))):(col("mean") - normal_95 * \
                col("deviation")): \
                (col("mean") + normal_95 * col("deviation")) with filledcurves fs transparent solid 0.2 \
                        noborder ls 1 \
                title sprintf("%s, 95 %%", law_title), \
            circle using (when(in(word(law, l)), col("angle"))):(col("mean")) with lines ls 100 title \
                    sprintf("%s, mean", law_title), \
            for [q in "q1 q5"] plain using (col("angle")):(col(q)) with lines ls 90, \
            for [q in "q1 q5"] circle using (when(in(word(law, l)), col("angle"))):(col(q)) with points \
                    ls 2 pt 7 ps 0.4, \
            circle using (when(in(word(law, l)), col("angle"))):(col("q3")) with points ls 1 pt 7 ps 0.4 \
                    title "networks, median", \
            keyentry with points ls 2 pt 7 ps 0.7 title "networks, middle 95 %", \
            keyentry with lines ls 90 title "control: ".mixture_title
    }
}

eval panel(laws + 1, test_title)
eval linear_axis("x", normal_low, normal_high)
eval linear_axis("y", smaller(z_low, mixture_low), larger(z_high, mixture_high))
set xlabel "quantile of the normal law"
set ylabel "quantile of the networks"
plot x with lines ls 100 title law_title, \
    mixture using (when(in(mixture_law) && has("width", mixed), invnorm(col("probability")))):(col("z")) \
            every every_ \
        with points ls 90 ps 0.5 lw 1 title "control: ".mixture_title, \
    quantiles using (when(in(first(law)) && has("width", narrow), \
            invnorm(col("probability")))):(col("z")) every every_ \
        with points ls 3 pt 5 ps 0.35 title "m = ".narrow, \
    quantiles using (when(in(first(law)) && has("width", wide), invnorm(col("probability")))):(col("z")) \
            every every_ \
        with points ls 1 pt 7 ps 0.3 title "m = ".wide

eval panel(laws + 2, "deviations")
eval linear_axis("x", -room, 1.0 / narrow)
eval linear_axis("y", lowest, deviation_high)
set xtics ("0" 0)
set for [m in widths] xtics add (sprintf("1/%s", m) 1.0 / m)
set xlabel "1/m (at 0: extrapolated)"
set ylabel "in units of ".law_title
plot 0 with lines ls 100 title law_title, \
    deviations using (when(of("mean") && col("width") == 0, spread_out(means_high) - room / \
            2)):(col("value")):(col("error")) \
        with yerrorbars ls 2 pt 7 ps 0.4 lw 1 title "mean, entries", \
    deviations using (when(of("covariance") && col("width") == 0, spread_out(covariances_high) + room / \
            2)):(col("value")):(col("error")) \
        with yerrorbars ls 1 pt 7 ps 0.4 lw 1 title "covariance", \
    deviations using (when(of("mean") && col("width") > 0, 1 / col("width"))):(col("value")) with points \
            ls 2 pt 7 ps 0.5, \
    deviations using (when(of("covariance") && col("width") > 0, 1 / col("width") + 0.2 * \
            room)):(col("value")) \
        with points ls 1 pt 7 ps 0.5, \
    @nothing "bars: intervals"
eval finish
