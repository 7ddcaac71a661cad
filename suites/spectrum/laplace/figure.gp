# Eigenvalues of deep networks beside those of the Laplace kernel.
ratios = data."/ratios.tsv"
one = data."/controls/one-layer/ratios.tsv"
on(kernel, parity) = strcol(1) eq kernel && $2 == 3 && $3 >= 2 && int($3) % 2 == parity ? $3 : NaN
all(kernel) = strcol(1) eq kernel && $2 == 3 && $3 >= 2 ? $3 : NaN
scaled(mu, k) = mu > 1e-20 ? mu * (k + 0.5)**3 : NaN
names = "bias-1 depth-2 depth-3"
open(i) = i == 1 ? 6 : i == 2 ? 4 : 8
titles = "'L = 1 with bias' 'L = 2' 'L = 3'"
array even[3]
array odd[3]
do for [i=1:3] {
    stats ratios using (on(word(names, i), 0) > 0 ? $7 : NaN) nooutput
    even[i] = STATS_mean
    stats ratios using (on(word(names, i), 1) > 0 ? $7 : NaN) nooutput
    odd[i] = STATS_mean
}
set multiplot layout 1,2
set logscale xy
set xrange [1.7:70]
set xtics (2, 4, 8, 16, 32, 64)
set yrange [0.1:2]
set ytics (0.1, 0.2, 0.5, 1, 2)
set xlabel "degree k"
set ylabel "μ_k ν^3, ν = k + 1/2"
set title "(a) eigenvalues on S^2; odd degrees are open"
set key at graph 0.5, graph 0.3 left top
plot for [i=3:2:-1] ratios using (on(word(names, i), 0)):(scaled($4, $3)) with points ls i \
         title word(titles, i), \
     for [i=2:3] ratios using (on(word(names, i), 1)):(scaled($4, $3)) \
         with points ls i pt open(i) ps 1.3 lw 1, \
     ratios using (all("depth-2")):(scaled($5, $3)) with points ls 7 title "Laplace", \
     one using (all("depth-1")):(scaled($4, $3)) with points ls 8 title "L = 1 (control)"

set yrange [0.1:12]
set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10)
set ylabel "μ_k (network) / μ_k (Laplace)"
set title "(b) ratios on S^2, and their limits"
set key at graph 0.45, graph 0.98 left top
plot for [i=1:3] even[i] with lines ls 100, for [i=1:3] odd[i] with lines ls 100, \
     for [i=3:1:-1] ratios using (on(word(names, i), 0)):6 with points ls i title word(titles, i), \
     for [i=1:3] ratios using (on(word(names, i), 1)):6 with points ls i pt open(i) ps 1.3 lw 1
unset multiplot
