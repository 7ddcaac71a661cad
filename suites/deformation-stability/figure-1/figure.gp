# Mean relative distances against the strength of deformations, one panel a kernel.
distances = data."/distances.tsv"
of(kind, column) = strcol(1) eq kind ? column : NaN
stats distances using (strcol(1) eq "deformed" ? $2 : NaN) nooutput
weak = STATS_min
strong = STATS_max
set multiplot layout 1,2
set logscale xy
set xrange [weak / 1.3 : strong * 1.3]
set yrange [5e-4:1]
set format y "10^{%T}"
set xlabel "strength of the deformation, α"
do for [kernel = 4:5] {
    set title kernel == 4 ? "(a) CKN" : "(b) NTK"
    set ylabel kernel == 4 ? "mean ‖Φ(x') − Φ(x)‖ / ‖Φ(x)‖" : ""
    if (kernel == 4) { set key at graph 0.47, graph 0.3 left top } else { unset key }
    stats distances using (of("same", column(kernel))) nooutput
    same = STATS_mean
    stats distances using (of("any", column(kernel))) nooutput
    any = STATS_mean
    plot any with lines ls 4 title "any label", \
         same with lines ls 3 title "same label", \
         distances using 2:(of("deformed", column(kernel))) with linespoints ls 1 title "deformed", \
         distances using 2:(of("moved", column(kernel))) with linespoints ls 2 title "and translated"
}
unset multiplot
