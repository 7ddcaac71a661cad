# Excess kurtosis against the width; sample covariance against the kernel.
kurtosis = data."/kurtosis.tsv"
covariance = data."/covariance.tsv"
biased = data."/controls/biases/kurtosis.tsv"
deeper = data."/controls/wrong-depth/covariance.tsv"
stats kurtosis using 2 nooutput
narrowest = STATS_min
widest = STATS_max
stats deeper using 3 nooutput
deepwidth = STATS_max
law(m, L) = 3 * ((1 + 5.0 / m) ** L - 1)
set multiplot layout 1,2
set logscale xy
set logscale x 2
set xrange [narrowest / 1.3 : widest * 1.3]
set yrange [0.05 : 30]
set xlabel "hidden width m"
set ylabel "excess kurtosis of f_0"
set key top right
plot for [L=1:3] law(x, L) with lines ls 100 title (L == 1 ? "3[(1 + 5/m)^L − 1]" : ""), \
     for [L=1:3] kurtosis using ($1 == L ? $2 : NaN):3:4:5 with yerrorbars ls L title "L = ".L, \
     biased using ($1 == 3 ? $2 : NaN):3 with linespoints ls 8 dashtype 3 title "L = 3, biases"

unset logscale
set xrange [-0.7 : 2.4]
set yrange [-0.7 : 2.4]
set xtics auto
set xlabel "kernel S^{L+1}(x_i, x_j)"
set ylabel "sample covariance of f_0 at x_i, x_j"
set key top left
plot x with lines ls 100 title "equal", \
     deeper using (strcol(1) eq "relu" && $2 == 1 && $3 == deepwidth ? $4 : NaN):5 with points ls 8 \
         title "wrong depth", \
     covariance using (strcol(1) eq "relu" && $3 == widest ? $4 : NaN):5 with points ls 1 \
         title "ReLU, L = 1, 2, 3", \
     covariance using (strcol(1) eq "erf" && $3 == widest ? $4 : NaN):5 with points ls 2 \
         title "erf, L = 1, 2, 3"
unset multiplot
