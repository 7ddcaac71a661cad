# Drift of the empirical NTK under soft targets, against the width, and its local exponent: ReLU's crossover.
runs = data."/runs.tsv"
field_runs = data."/controls/mean-field/runs.tsv"
is(a) = strcol(1) eq a ? $2 : NaN
networks = tier eq "full" ? "erf relu gelu-k3 erf-2 erf-2-k3 erf-3-k3" : "erf relu erf-2-k3"
title_of(a) = a eq "erf" ? "erf" : a eq "relu" ? "ReLU" : a eq "gelu-k3" ? "GELU, K = 3" : a eq "erf-2" ? "erf, L = 2" : \
              a eq "erf-2-k3" ? "erf, L = 2, K = 3" : "erf, L = 3, K = 3"
widths = tier eq "full" ? 5 : 3
count = words(networks)

stats runs using (is("erf")) nooutput
narrow = STATS_min; wide = STATS_max

# Means over seeds of the logarithm of the drift, their local exponents between neighbouring widths, and the standard error of these, with the two
# widths' errors as if independent.
array first[6]; array final[6]
array middle[36]; array exponent[36]; array error[36]
do for [k=1:count] {
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
set key bottom left
set logscale x 2
set xtics narrow, 4
set logscale y
set format y "10^{%T}"
set title "largest drift over all time"
set xlabel "hidden width m"
set ylabel "sup_t ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖  (Frobenius)"
set xrange [20:wide * 1.4]
set yrange [level / (tier eq "full" ? 4000 : 200):8]
set label 1 "control: mean field" at 30, 4.4
plot for [k=1:count] runs using (is(word(networks, k))):4 smooth unique with linespoints ls k title title_of(word(networks, k)), \
     for [a in "erf relu"] field_runs using (is(a)):4 smooth unique with linespoints ls 8 dashtype 2 pt 6 notitle, \
     3 * level * sqrt(narrow / x) with lines ls 100 title "m^{−1/2}", \
     level / 1.5 * narrow / x with lines ls 101 title "m^{−1}"

unset label 1
unset logscale y
set format y "%.1f"
set title "local exponent between neighbouring widths"
set ylabel "d log drift / d log m"
set yrange [-1.2:0.1]
plot for [k=1:3] for [i=1:widths - 1] '+' using (middle[(k - 1) * 6 + i] * 1.03**k):(exponent[(k - 1) * 6 + i]):(error[(k - 1) * 6 + i]) every ::0::0 \
         with yerrorbars ls k notitle, \
     -0.5 with lines ls 100 notitle, -1 with lines ls 101 notitle
unset multiplot
