# The kink of the ReLU kernel, and how steep a function of norm 1 can be.
smooth = data."/controls/smooth"
set multiplot layout 1,2
set xlabel "angle between x and y"
set ylabel "K(x, y) / K(x, x)"
set xrange [-0.6:0.6]
set yrange [0.75:1.02]
set xtics ("−0.6" -0.6, "−0.3" -0.3, 0, 0.3, 0.6)
set ytics 0.8, 0.1
set title "(a) the kernel where two points meet"
set key at graph 0.3, graph 0.22 left top
plot data."/kink.tsv" using 1:2 with lines ls 1 title "ReLU", \
     smooth."/kink.tsv" using 1:2 with lines ls 8 title "erf (control)"

set logscale xy
set format "10^{%T}"
set tics auto
set xrange [5e-7:4]
set yrange [0.3:2000]
set xlabel "distance r of two points on the sphere"
set ylabel "‖Φ(x) − Φ(y)‖ / r"
set title "(b) steepest function of norm 1"
set key at graph 0.28, graph 0.99 left top
plot sqrt(2 / pi) * x**-0.5 with lines ls 100 title "lower bound, √(2/π) r^{−1/2}", \
     sqrt(2 / pi / x + 2) with lines ls 101 title "upper bound", \
     data."/pairs.tsv" using 2:5 with points ls 1 title "ReLU", \
     smooth."/pairs.tsv" using 2:5 with linespoints ls 8 title "erf (control)"
unset multiplot
