# The spectrum of one ReLU layer on spheres, and its approach to the law.
spectrum = data."/spectrum.tsv"
deep = data."/controls/two-layers/spectrum.tsv"
even(p) = $1 == p && $2 >= 2 && int($2) % 2 == 0 ? $2 : NaN
constant(p) = 2**(p - 1) * gamma(p / 2.0)**2 / pi**2
variable(k, p) = k + (p - 2) / 2.0
set multiplot layout 1,2
set logscale xy
set format y "10^{%T}"
set xrange [1.6:80]
set xtics (2, 4, 8, 16, 32, 64)
set yrange [1e-13:2]
set xlabel "degree k"
set ylabel "eigenvalue μ_k"
set title "(a) eigenvalues on S^{p−1}"
set key at graph 0.03, graph 0.34 left top
plot constant(3) * variable(x, 3)**-3 with lines ls 100 title "laws", \
     3 * constant(3) * variable(x, 3)**-5 with lines ls 100, \
     constant(10) * variable(x, 10)**-10 with lines ls 100, \
     spectrum using (even(3)):5 with points ls 1 title "p = 3", \
     spectrum using (even(3)):6 with points ls 4 title "p = 3, last layer", \
     spectrum using (even(10)):5 with points ls 3 title "p = 10", \
     deep using ($1 == 3 && $2 >= 3 && int($2) % 2 == 1 ? $2 : NaN):3 with points ls 8 pt 6 ps 1.1 \
         title "p = 3, L = 2, odd k"

set yrange [0.8:30]
set format y "%g"
set ytics (1, 2, 5, 10, 20)
set ylabel "μ_k ν^p / C(p)"
set title "(b) over the law, ν = k + (p − 2)/2"
set key at graph 0.7, graph 0.97 left top
plot 1 with lines ls 100, \
     spectrum using (even(3)):8 with points ls 1 title "p = 3", \
     spectrum using (even(5)):8 with points ls 2 title "p = 5", \
     spectrum using (even(10)):8 with points ls 3 title "p = 10"
unset multiplot
