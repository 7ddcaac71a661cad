# Feature distances over their bounds: the worst curve at one layer, and drawn pairs at every depth.
curves = data."/curves.tsv"
pairs = data."/pairs.tsv"
set multiplot layout 1,2
set logscale x
set format x "10^{%T}"
set xrange [1e-6:100]
set yrange [0:1.1]
set ytics 0, 0.2, 1
set xlabel "distance r / min(‖x‖, ‖y‖)"
set ylabel "‖Φ(x) − Φ(y)‖^2 / bound"
set title "(a) L = 1, the worst pairs: ‖y‖ = ‖x‖ cos θ"
set key at graph 0.03, graph 0.19 left top
plot 1 with lines ls 100, \
     curves using 2:5 with lines ls 1 title "sharp: 2r/π + 2r^2", \
     curves using 2:6 with lines ls 2 title "printed: (√r + 2r)^2"

set xrange [5e-4:4]
set title "(b) drawn pairs, the worst at each distance"
set key at graph 0.03, graph 0.38 left top
depths = "1 2 4 8"
plot 1 with lines ls 100, \
     for [i=1:words(depths)] pairs using (strcol(1) eq word(depths, i) ? $2 : NaN):5 \
         with linespoints ls i title "L = ".word(depths, i)
unset multiplot
