# log T against sqrt(m) for every threshold: seeds, fitted law, predicted slope, gamma; and what a
# pure power law leaves over.
exits = data."/exits.tsv"
laws = data."/laws.tsv"
metrics = data."/metrics.tsv"
activations = "erf relu"
titles = "erf ReLU"
thresholds = "0.1 0.25 0.5 1"
styles = "1 3 5 2"
q(i) = word(thresholds, i) + 0
ls(i) = word(styles, i) + 0
is(a, i) = strcol(1) eq word(activations, a) && $2 == 1
row(a, i) = is(a, i) && abs($5 - q(i)) < 1e-9
fit(a, i) = is(a, i) && abs($4 - q(i)) < 1e-9
name(a, i) = sprintf("gamma-%s-%.0f", word(activations, a), 100 * q(i))
log10 = log(10)

# Means over the seeds, for each activation a and threshold i: the law's offset and slope, the
# predicted slope, and the middle and the two ends of the widths that were fitted, as sqrt(m); gamma
# and half the length of its interval.
array offset[8]; array slope[8]; array predicted[8]; array middle[8]; array end[8]; array begin[8]
array gamma[8]; array half[8]
do for [a=1:2] { do for [i=1:4] {
    k = 4 * (a - 1) + i
    stats laws using (fit(a, i) ? $10 : NaN) nooutput; offset[k] = STATS_mean
    stats laws using (fit(a, i) ? $11 : NaN) nooutput; slope[k] = STATS_mean
    stats laws using (fit(a, i) ? $17 : NaN) nooutput; predicted[k] = STATS_mean
    stats exits using (row(a, i) && valid(14) ? sqrt($4) : NaN) nooutput
    middle[k] = STATS_mean; begin[k] = STATS_min; end[k] = STATS_max
    stats metrics using (strcol(1) eq name(a, i) ? $2 : NaN) nooutput; gamma[k] = STATS_mean
    stats metrics using (strcol(1) eq name(a, i) ? ($4 - $3) / 2 : NaN) nooutput; half[k] = STATS_mean
}}
law(k, x) = offset[k] + slope[k] * x
prediction(k, x) = x > 0.93 * begin[k] && x < 1.04 * end[k] ? law(k, middle[k]) + predicted[k] * \
    (x - middle[k]) : NaN
stats exits using ($2 == 1 ? sqrt($4) : NaN) nooutput
widest = STATS_max
stats exits using ($2 == 1 ? $8 : NaN) nooutput
latest = STATS_max

small = ",".(format eq "svg" ? 11 : 16)

set multiplot
set label "points: one for each seed      line: a + b√m      dashed: slope b predicted by the hard margin" \
    at screen 0.065, 0.965 left font small textcolor rgb "#222222"
set xtics ("64" 8, "256" 16, "1024" 32, "2048" 45.255, "4096" 64, "16384" 128) font small
if (widest > 100) set xtics ("64" 8, "1024" 32, "4096" 64, "16384" 128) font small
set ytics font small
set xrange [0 : 1.4 * widest]
set yrange [0 : 1.42 * latest]
set xlabel "width m, on a scale of √m"
unset key
set tmargin at screen 0.87
set bmargin at screen 0.125

do for [a=1:2] {
    if (a == 2) { unset label }
    set lmargin at screen (a == 1 ? 0.062 : 0.33)
    set rmargin at screen (a == 1 ? 0.31 : 0.578)
    set title word(titles, a)
    set label "exponent γ of a + b m^γ:" at graph 0.05, 0.955 left font small textcolor rgb "#222222"
    do for [i=1:4] {
        k = 4 * (a - 1) + i
        set label sprintf("q = %s", word(thresholds, i)) at end[k] + 0.04 * widest, \
            law(k, end[k]) + (end[k] < widest ? 0.09 : 0.02) * latest left \
            textcolor linestyle ls(i) font small
        set label sprintf("q = %s", word(thresholds, i)) at graph 0.05, 0.955 - 0.05 * (5 - i) left \
            textcolor linestyle ls(i) font small
        set label sprintf("%.3f ± %.3f", gamma[k], half[k]) at graph 0.37, 0.955 - 0.05 * (5 - i) left \
            textcolor linestyle ls(i) font small
    }
    if (a == 1) {
        set ylabel "log T" offset 1.5,0
    } else {
        unset ylabel
        set format y ""
        set border 11
        set y2range [0 : 1.42 * latest / log10]
        set y2tics 5 font small
        if (latest > 60) { set y2tics 10 font small }
        set format y2 "10^{%.0f}"
        set y2label "time T" offset -1.2,0
    }
    plot for [i=1:4] exits using (row(a, i) ? sqrt($4) : NaN):8 with points ls ls(i) pt 7 ps 0.45, \
         for [i=1:4] [0.93 * begin[4 * (a - 1) + i] : 1.04 * end[4 * (a - 1) + i]] law(4 * (a - 1) + i, x) \
             with lines ls ls(i) lw 3.5, \
         for [i=1:4] prediction(4 * (a - 1) + i, x) with lines ls 100 lw 1.4
}

# What the two laws with two parameters leave over at one threshold, mean over the seeds.
left = 3
unset label
unset y2tics
unset y2label
set border 3
set format y "%g"
set xlabel "width m, on a scale of √m"
set lmargin at screen 0.74
set rmargin at screen 0.985
set xrange [0 : 1.08 * end[left]]
set autoscale y
set offsets 0, 0, 0.3, 0.03
set ylabel "log T − fit" offset 1.5,0
set title sprintf("left over at q = %s", word(thresholds, left))
set key top left
plot 0 with lines ls 100 title "a + b√m exactly", \
     for [a=1:2] exits using (row(a, left) && valid(15) ? sqrt($4) : NaN):($8 - $15) smooth unique \
         with linespoints ls 2 dashtype a pt (a == 1 ? 5 : 4) title word(titles, a).": b m^γ", \
     for [a=1:2] exits using (row(a, left) && valid(14) ? sqrt($4) : NaN):($8 - $14) smooth unique \
         with linespoints ls 1 dashtype a pt (a == 1 ? 7 : 6) title word(titles, a).": a + b√m"
unset multiplot
