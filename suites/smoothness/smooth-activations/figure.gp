# Ratios of distances under smooth activations, and their constants.
relu = data."/controls/relu"
names = "erf gelu softplus"
titles = "erf GELU softplus"
set multiplot layout 1,2
set logscale x
set format x "10^{%T}"
set xrange [2e-3:3]
set yrange [0:1.4]
set xlabel "distance r of two points on the sphere"
set ylabel "‖Φ(x) − Φ(y)‖ / r"
set title "(a) on the sphere"
set key at graph 0.03, graph 0.36 left top
plot for [i=1:3] data."/sphere.tsv" using (strcol(1) eq word(names, i) ? $2 : NaN):($4 / $2 / $5) \
         with lines ls 100, \
     for [i=1:3] data."/sphere.tsv" using (strcol(1) eq word(names, i) ? $2 : NaN):($4 / $2) \
         with linespoints ls i title word(titles, i), \
     NaN with lines ls 100 title "√κ'(1)"

set logscale y
set format y "10^{%T}"
set yrange [0.3:20]
set ytics add ("0.5" 0.5, "2" 2, "5" 5)
set xlabel "distance r / min(‖x‖, ‖y‖)"
set ylabel "‖Φ(x) − Φ(y)‖ / (printed constant · r)"
set title "(b) everywhere, the worst pair at each distance"
set key at graph 0.45, graph 0.98 left top
plot 1 with lines ls 100, \
     relu."/space.tsv" using 2:5 with linespoints ls 8 title "ReLU (control)", \
     for [i=1:3] data."/space.tsv" using (strcol(1) eq word(names, i) ? $2 : NaN):5 \
         with linespoints ls i title word(titles, i)
unset multiplot
