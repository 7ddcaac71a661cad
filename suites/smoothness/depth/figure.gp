# Deep feature maps: distances over their bound, and the growth of the constant.
pairs = data."/pairs.tsv"
wrong = data."/controls/wrong-weight-variance"
depths = "1 4 32"
set multiplot layout 1,2
set logscale x
set format x "10^{%T}"
set xrange [5e-6:20]
set yrange [0:1.1]
set ytics 0, 0.2, 1
set xlabel "distance r / min(‖x‖, ‖x'‖)"
set ylabel "‖Φ_n(x) − Φ_n(x')‖ / bound"
set title "(a) drawn pairs, the worst at each distance"
set key at graph 0.03, graph 0.3 left top
plot 1 with lines ls 100, \
     for [i=1:words(depths)] pairs using (strcol(1) eq word(depths, i) ? $2 : NaN):5 \
         with linespoints ls i title "n = ".word(depths, i)

set logscale xy
set logscale x 2
set format x "%g"
set format y "10^{%T}"
set ytics auto
set xrange [0.8:80]
set yrange [0.3:1e3]
set xlabel "hidden layers n"
set ylabel "‖Φ_n(x) − Φ_n(x')‖ / √r, smallest r"
set title "(b) the constant of the root"
set key at graph 0.03, graph 0.98 left top
plot sqrt(x * (x + 1) / pi) with lines ls 100 title "√(n(n+1)/π)", \
     sqrt(2 / pi) * x**1.25 with lines ls 101 title "order n^{5/4}", \
     data."/growth.tsv" using 1:2 with points ls 1 ps 1.4 title "w^2 = 2", \
     wrong."/growth.tsv" using 1:2 with linespoints ls 8 title "w^2 = 2.2 (control)"
unset multiplot
