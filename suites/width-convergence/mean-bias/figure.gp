# The bias against the width; the means that are exact.
bias = data."/bias.tsv"
means = data."/means.tsv"
wrong = data."/controls/wrong-weight-variance/bias.tsv"
deep = data."/controls/three-layers/means.tsv"
softplus = data."/controls/softplus-diagonal/means.tsv"
stats bias using 2 nooutput
narrowest = STATS_min
widest = STATS_max
stats bias using ($2 == narrowest ? $3 : NaN) nooutput
slow = STATS_mean * narrowest
stats bias using ($2 == narrowest ? $4 : NaN) nooutput
fast = STATS_mean * sqrt(narrowest)
set multiplot layout 1,2
set logscale y
set logscale x 2
set xrange [narrowest / 1.3 : widest * 1.3]
set yrange [0.004 : 3]
set xlabel "hidden width m"
set ylabel "relative to ‖Θ‖, off the diagonal"
set key bottom left
plot slow / x with lines ls 100 title "1/m", \
     fast / sqrt(x) with lines ls 101 title "m^{−1/2}", \
     for [L=2:3] bias using ($1 == L ? $2 : NaN):4 with linespoints ls L-1 dashtype 3 \
         title "one network, L = ".L, \
     for [L=2:3] bias using ($1 == L ? $2 : NaN):3 with linespoints ls L-1 \
         title "bias of the mean, L = ".L, \
     wrong using ($1 == 2 ? $2 : NaN):3 with linespoints ls 8 dashtype 3 title "bias, wrong w^2, L = 2"

unset logscale
unset xlabel
set xrange [0.4 : 5.6]
set yrange [-0.1 : 0.2]
set key top right
set ylabel "mean deviation / Θ_{ii}"
set xtics ("diag., L=2" 1, "diag., L=3" 2, "relu, L=1" 3, "erf, L=1" 4, "gelu, L=1" 5) rotate by 30 right
place(part, activation, L) = part eq "diagonal" ? L - 1 : activation eq "relu" ? 3 : activation eq "erf" \
    ? 4 : 5
plot 0 with lines ls 100 title "exact", \
     means using (place(strcol(2), strcol(1), $3)):5:6:7 with yerrorbars ls 1 title "mean, with interval", \
     deep using (strcol(2) eq "diagonal" ? NaN : place(strcol(2), strcol(1), $3) + 0.2):5:6:7 \
         with yerrorbars ls 8 \
         title "controls: softplus; L = 3", \
     softplus using (strcol(2) eq "diagonal" ? 2.2 : NaN):5:6:7 with yerrorbars ls 8
unset multiplot
