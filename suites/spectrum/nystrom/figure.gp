# Eigenvalues of random kernel matrices over those of the sphere, and their spread.
values = data."/eigenvalues.tsv"
spread = data."/spread.tsv"
stretched = data."/controls/stretched/spread.tsv"
stats spread using 1 nooutput
fewest = STATS_min
most = STATS_max
set multiplot layout 1,2
set xrange [0.3:18.7]
set yrange [0:1.8]
set grid noxtics
set xtics ("0" 1, "1" 3, "2" 7, "4" 14) scale 0
set xlabel "degree of the cluster"
set ylabel "eigenvalue of K/n over μ_k"
set title "(a) one draw"
do for [at in "1.5 4.5 9.5"] { set arrow from at + 0, 0 to at + 0, 1.8 nohead ls 200 }
set key at graph 0.04, graph 0.14 left top
plot 1 with lines ls 100, \
     values using ($1 == fewest ? $2 : NaN):3 with points ls 2 title sprintf("n = %d", fewest), \
     values using ($1 == most ? $2 : NaN):3 with points ls 1 title sprintf("n = %d", most)

unset arrow
set grid xtics
set logscale xy
set logscale x 2
set xtics auto scale 1
set ytics (0.05, 0.1, 0.2, 0.5, 1)
set xrange [fewest / 1.3 : most * 1.3]
set yrange [0.04:2]
set xlabel "points n"
set ylabel "root mean square deviation"
set title "(b) over all draws"
set key at graph 0.05, graph 0.22 left top
plot sqrt(98.0 / 17 / x) with lines ls 100 title "theory", \
     spread using 1:2:3:4 with yerrorbars ls 1 title "uniform points", \
     stretched using 1:2:3:4 with yerrorbars ls 8 title "not uniform (control)"
unset multiplot
