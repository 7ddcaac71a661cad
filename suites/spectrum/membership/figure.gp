# What each octave contributes to the squared norm, on both sides of the threshold.
sums = data."/sums.tsv"
dimensions = "3 5 10"
above(p) = $1 == p && $2 > (p - 1) / 2.0 ? $3 : NaN
below(p) = $1 == p && $2 < (p - 1) / 2.0 ? $3 : NaN
stats sums using 3 nooutput
last = STATS_max
array scale_above[3]
array scale_below[3]
do for [i=1:3] {
    p = word(dimensions, i) + 0
    stats sums using (above(p) == last ? $3 * $4 : NaN) nooutput
    scale_above[i] = STATS_max
    stats sums using (below(p) == last ? $3 * $4 : NaN) nooutput
    scale_below[i] = STATS_max
}
set logscale xy
set xrange [1.7:6e3]
set format xy "10^{%T}"
set multiplot layout 1,2
set xlabel "degree k"
set ylabel "k T_k over its last value"
set title "(a) α = (p − 1)/2 + 1/4: a finite norm"
set yrange [0.3:3e3]
set key at graph 0.6, graph 0.97 left top
plot (x / last)**-0.5 with lines ls 100 title "k^{−1/2}", \
     for [i=1:3] sums using (above(word(dimensions, i) + 0)):($3 * $4 / scale_above[i]) with points ls i \
         title "p = ".word(dimensions, i)
set title "(b) α = (p − 1)/2 − 1/4: none"
set yrange [0.005:50]
set key at graph 0.55, graph 0.3 left top
plot (x / last)**0.5 with lines ls 100 title "k^{1/2}", \
     for [i=1:3] sums using (below(word(dimensions, i) + 0)):($3 * $4 / scale_below[i]) with points ls i \
         title "p = ".word(dimensions, i)
unset multiplot
