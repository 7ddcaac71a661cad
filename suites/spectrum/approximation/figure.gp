# Smallest errors against the norm that they cost, in L^2 and in the supremum norm.
squares = data."/squares.tsv"
supremum = data."/supremum.tsv"
last = data."/controls/last-layer"
pick(p) = $1 == p ? $2 : NaN
rate(p) = -1 / (p / 2.0 - 1)
array norm[3]
array error[3]
array start[3]
array top[3]
do for [i=1:3] {
    stats squares using ($1 == i + 2 && $2 == 1000 ? $3 : NaN) nooutput
    norm[i] = STATS_mean
    stats squares using ($1 == i + 2 && $2 == 1000 ? $4 : NaN) nooutput
    error[i] = STATS_mean
    stats supremum using ($1 == i + 2 && $3 < 0.125 ? $2 : NaN) nooutput
    start[i] = STATS_min
    stats supremum using ($1 == i + 2 && $3 < 0.125 ? $3 : NaN) nooutput
    top[i] = STATS_max
}
set logscale xy
set format xy "10^{%T}"
set multiplot layout 1,2
set xrange [1:1e6]
set yrange [2e-5:1]
set xlabel "norm δ"
set ylabel "smallest error in L^2"
set title "(a) edge of H^1"
set key at graph 0.45, graph 0.98 left top
plot for [i=1:3] error[i] * (x / norm[i])**rate(i + 2) with lines ls 101, \
     for [i=1:3] squares using ($1 == i + 2 ? $3 : NaN):4 with points ls i title sprintf("p = %d", i + 2), \
     last."/squares.tsv" using ($1 == 3 ? $3 : NaN):4 with points ls 8 title "p = 3, last layer"

set xrange [1:3e3]
set yrange [0.008:1]
set ylabel "smallest supremum error"
set title "(b) a Lipschitz function"
set key at graph 0.4, graph 0.98 left top
plot for [i=1:3] (x > start[i] ? top[i] * (x / start[i])**rate(i + 2) * log(x) / log(start[i]) : NaN) \
         with lines ls 101, \
     for [i=1:3] supremum using (pick(i + 2)):3 with lines ls i title sprintf("p = %d", i + 2), \
     last."/supremum.tsv" using (pick(3)):3 with lines ls 8 title "p = 3, last layer"
unset multiplot
