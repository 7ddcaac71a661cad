# Drift of the empirical NTK on two digits, and accuracy on test images beside kernel logistic
# regression.
one_hot = data."/trajectories.tsv"
l2 = data."/controls/l2/trajectories.tsv"
runs = data."/runs.tsv"
networks = "relu-2 relu-3 residual-2"
titles = "'dense, L = 2' 'dense, L = 3' 'residual, L = 2'"
pick(k, m) = strcol(1) eq word(networks, k) && $2 == m
threshold = 0.25
fixed = tier eq "quick" ? 4 : 5
stats one_hot using 2 nooutput
narrow = STATS_min; wide = STATS_max
stats one_hot using 3 nooutput
last = STATS_max

# Accuracy of kernel logistic regression at the widest networks' fixed and last times, means over
# seeds.
array early[3]; array late[3]
do for [k=1:3] {
    stats runs using (pick(k, wide) ? $9 : NaN) nooutput
    early[k] = STATS_mean
    stats runs using (pick(k, wide) ? $11 : NaN) nooutput
    late[k] = STATS_mean
}

set multiplot layout 1,2
set xlabel "log t"
set xrange [-4:last]
set ylabel "drift ‖Θ̂_t − Θ̂_0‖ / ‖Θ̂_0‖"
set logscale y
set format y "10^{%T}"
set yrange [1e-3:1e3]
set key top left
set title sprintf("drift of the kernel: m = %d (solid), %d (thin)", wide, narrow)
plot one_hot using (pick(1, wide) ? $3 : NaN):14:15 with filledcurves fs transparent solid 0.15 ls 1 notitle, \
     threshold with lines ls 100 title "threshold 0.25", \
     for [k=1:3] one_hot using (pick(k, wide) ? $3 : NaN):13 with lines ls k title word(titles, k), \
     for [k=1:3] one_hot using (pick(k, narrow) ? $3 : NaN):13 with lines ls k lw 0.8 notitle, \
     for [k=1:3] l2 using (strcol(1) eq word(networks, k) ? $3 : NaN):13 with lines ls k dashtype 3 \
         title k == 1 ? "with L2, λ = 0.1" : ""

unset logscale y
set format y "%g"
set yrange [0.4:1]
set ylabel "part of the test images that is right"
set key bottom right
set title sprintf("accuracy on test images, m = %d", wide)
plot for [k=1:3] one_hot using (pick(k, wide) ? $3 : NaN):16 with lines ls k notitle, \
     for [k=1:3] "+" using (fixed):(early[k]) every ::0::0 with points ls k ps 1.6 notitle, \
     for [k=1:3] "+" using (last - 0.3):(late[k]) every ::0::0 with points ls k ps 1.6 \
         title k == 1 ? "logistic regression with Θ" : ""
unset multiplot
