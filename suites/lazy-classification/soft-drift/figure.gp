# Drift of the empirical NTK under soft targets, against the width, and its local exponent: ReLU's
# crossover.
runs = data."/runs.tsv"
field_runs = data."/controls/mean-field/runs.tsv"
networks = tier eq "full" ? "erf relu erf-2-k3 gelu-k3 erf-k10 erf-2 erf-2-k10 erf-3 erf-3-k3 erf-3-k10" \
    : "erf relu erf-2-k3 erf-3-k3"
widths = tier eq "full" ? 5 : 3

stats runs using (is("erf")) nooutput
narrow = STATS_min; wide = STATS_max

# Means over seeds of the logarithm of the drift, their local exponents between neighbouring widths,
# and the standard error of these, with the two widths' errors as if independent.
array first[3]
array middle[18]; array exponent[18]; array error[18]
do for [k=1:3] {
    a = word(networks, k)
    stats runs using (is(a)) nooutput
    low = STATS_min; high = STATS_max
    do for [i=1:widths] {
        m = low * (high / low)**((i - 1.) / (widths - 1))
        stats runs using (strcol(1) eq a && abs($2 / m - 1) < 0.05 ? log($4) : NaN) nooutput
        mean = STATS_mean; deviation = STATS_stddev / sqrt(STATS_records); here = m
        if (i == 1) { first[k] = exp(mean) }
        if (i > 1) {
            j = (k - 1) * 6 + i - 1
            middle[j] = sqrt(here * before)
            exponent[j] = (mean - last) / log(here / before)
            error[j] = sqrt(deviation**2 + spread**2) / log(here / before)
        }
        last = mean; spread = deviation; before = here
    }
}
level = first[1]

set multiplot layout 1,2
set bmargin 8
set key outside below center horizontal width -1
set logscale x 2
set xtics narrow, 4
set logscale y
set format y "10^{%T}"
set title "largest drift over all time"
set xlabel "hidden width m"
set ylabel "sup_t ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖  (Frobenius)"
set xrange [20:wide * 1.4]
set yrange [level / (tier eq "full" ? 500 : 20):8]
set label 1 "control: mean field" at 30, 4.4
plot for [a in networks] runs using (is(a)):4 smooth unique with linespoints \
    ls network_style(a) pt network_point(a) notitle, \
     for [a in "erf relu"] field_runs using (is(a)):4 smooth unique with linespoints \
         ls 8 dashtype 2 pt 6 notitle, \
     3 * level * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", \
     level / 1.5 * narrow / x with lines ls 101 title "m^{−1}", @network_key

unset label 1
unset logscale y
set format y "%.1f"
set title "local exponent between neighbouring widths"
set ylabel "d log drift / d log m"
set yrange [-1.2:0.1]
plot for [k=1:3] for [i=1:widths - 1] '+' \
    using (middle[(k - 1) * 6 + i] * 1.03**k):(exponent[(k - 1) * 6 + i]):(error[(k - 1) * 6 + i]) every \
    ::0::0 \
         with yerrorbars ls network_style(word(networks, k)) pt network_point(word(networks, k)) notitle, \
     -0.5 with lines ls 100 notitle, -1 with lines ls 101 notitle
unset multiplot
