# lambda_min of the empirical NTK relative to that of the kernel, and the distance of the ratio from
# 1.
networks = data."/networks.tsv"
few = data."/controls/few-parameters/networks.tsv"
wrong = data."/controls/wrong-weight-variance/networks.tsv"
names = "depth-1-bias depth-2"
titles = "'L = 1, biases' 'L = 2, no biases'"
stats networks using 2 nooutput
narrowest = STATS_min
widest = STATS_max
stats networks using ($2 == narrowest && strcol(1) eq "depth-2" ? abs($4 - 1) : NaN) nooutput
prefactor = STATS_mean * sqrt(narrowest)
law(m) = m >= narrowest ? prefactor / sqrt(m) : NaN
jitter(m, i) = m * 2 ** (0.12 * (i == 1 ? -1 : 1) + 0.2 * (rand(0) - 0.5))
set multiplot layout 1,2
set logscale x 2
set xlabel "hidden width m"

set xrange [narrowest / 1.4 : widest * 1.4]
set yrange [0 : 1.6]
set ylabel "λ_{min}(Θ̂₀) / λ_{min}(Θ)"
set key bottom right
plot for [i=1:2] networks using (strcol(1) eq word(names, i) ? jitter($2, i) : NaN):4 \
         with points pt 7 ps 0.12 lc rgb (i == 1 ? "#a00072b2" : "#a0d55e00"), \
     1 with lines ls 100, \
     for [i=1:2] networks using (strcol(1) eq word(names, i) ? $2 : NaN):4 smooth unique \
         with linespoints ls i title word(titles, i)

set logscale y
set xrange [0.8 : widest * 1.4]
set xtics 1, 4
set yrange [0.008 : 4]
set ylabel "mean of |ratio − 1|"
set key bottom left
plot law(x) with lines ls 100 title "m^{−1/2}", \
     for [i=1:2] networks using (strcol(1) eq word(names, i) ? $2 : NaN):(abs($4 - 1)) smooth unique \
         with linespoints ls i title word(titles, i), \
     few using (strcol(1) eq "depth-2" ? $2 : NaN):(abs($4 - 1)) smooth unique with linespoints \
         ls 8 dashtype 3 \
         title "p < n", \
     wrong using (strcol(1) eq "depth-2" ? $2 : NaN):(abs($4 - 1)) smooth unique with linespoints \
         ls 6 dashtype 3 \
         title "wrong w^2, L = 2"
unset multiplot
