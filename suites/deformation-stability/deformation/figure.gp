# Exponents of the two kernels in the size of a deformation, and the growth with layers.
sizes = data."/sizes.tsv"
smooth = data."/controls/smooth/sizes.tsv"
layers = data."/layers.tsv"
is(name) = strcol(1) eq name ? $4 : NaN
stats sizes using (is("ntk")) nooutput
ntk_first = STATS_min
stats sizes using (is("ckn")) nooutput
ckn_first = STATS_min
stats sizes using 2 nooutput
first = STATS_min
stats layers using 2 nooutput
most = STATS_max
stats layers using 3 nooutput
image = STATS_mean
stats layers using (strcol(1) eq "ntk" && $2 == 1 ? $4 : NaN) nooutput
one = STATS_mean
set multiplot layout 1,2
set logscale xy
set format "10^{%T}"
set xrange [first / 1.5 : 0.7]
set yrange [2e-8:3e-2]
set xlabel "size of the deformation, ‖∇τ‖"
set ylabel "‖Φ(L_τ x) − Φ(x)‖ / ‖x‖"
set title "(a) exponents"
set key at graph 0.5, graph 0.3 left top
plot sizes using (strcol(1) eq "ntk" ? $2 : NaN):5:6 with filledcurves fs transparent solid 0.15 ls 1 notitle, \
     sizes using (strcol(1) eq "ckn" ? $2 : NaN):5:6 with filledcurves fs transparent solid 0.15 ls 2 notitle, \
     ntk_first * (x / first)**0.5 with lines ls 100 title "slope 1/2", \
     ckn_first * x / first with lines ls 101 title "slope 1", \
     sizes using 2:(is("ntk")) with linespoints ls 1 title "NTK", \
     sizes using 2:(is("ckn")) with linespoints ls 2 title "CKN", \
     smooth using 2:(is("ntk")) with linespoints ls 8 title "GELU (control)"

set logscale x 2
set format x "%g"
set format y "10^{%T}"
set xrange [0.85 : most * 1.2]
set yrange [5e-4:60]
set xlabel "number of layers n"
set ylabel "‖Φ_n(L_τ x) − Φ_n(x)‖ / ‖x‖"
set title "(b) layers, ‖∇τ‖ = 0.001"
set key at graph 0.03, graph 0.99 left top
plot one * x**1.75 with lines ls 101 title "growth of the printed bound, n^{7/4}", \
     sqrt(x * (x + 1) / pi * image + (x + 1) * image**2) with lines ls 100 title "bound in r", \
     layers using 2:(is("ntk")) with linespoints ls 1 title "NTK", \
     layers using 2:(is("ckn")) with linespoints ls 2 title "CKN", \
     image with lines ls 100 lw 1 notitle
unset multiplot
