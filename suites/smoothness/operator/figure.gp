# The two feature maps of a layer and their bounds; the layer on signals.
larger = data."/controls/larger-y"
set multiplot layout 1,2
set xrange [0:2]
set yrange [0:4]
set xlabel "distance r of two unit vectors"
set ylabel "squared distance of features"
set title "(a) one position"
set key at graph 0.03, graph 0.97 left top
plot data."/step.tsv" using 1:2 with lines ls 1 title "φ_0", \
     x with lines ls 100 title "its bound r", \
     data."/step.tsv" using 1:3 with lines ls 2 title "φ_1", \
     x**2 with lines ls 101 lw 2.5 title "its bound r^2"

set logscale x
set format x "10^{%T}"
set xrange [7e-4:3]
set yrange [0:1.6]
set xlabel "largest distance of x[u] and x'[u]"
set ylabel "‖M(x, y) − M(x', y')‖ / bound"
set title "(b) signals"
set key at graph 0.03, graph 0.98 left top
plot 1 with lines ls 100, \
     larger."/signals.tsv" using 1:2 with linespoints ls 8 title "‖y[u]‖ = 2 (control)", \
     data."/signals.tsv" using 1:2 with linespoints ls 1 title "constant distance", \
     data."/signals.tsv" using 1:3 with points ls 2 pt 6 ps 1.6 title "worst of all"
unset multiplot
