# Distance from the initialisation and t * loss against log t; L2 and soft targets beside.
one_hot = data."/trajectories.tsv"
l2 = data."/controls/l2/trajectories.tsv"
soft = data."/controls/soft-targets/trajectories.tsv"
runs = data."/runs.tsv"
stats one_hot using 2 nooutput
narrow = STATS_min; wide = STATS_max

# The hard margin's slope: a line through the mean at log t = 5.
stats runs using (pick("erf", wide) ? $10 : NaN) nooutput
slope = STATS_mean
stats runs using (pick("erf", wide) ? 2 * log($10) : NaN) nooutput
square = exp(STATS_mean)
stats one_hot using (pick("erf", wide) && $3 > 4.5 && $3 < 5.5 ? $4 - slope * $3 : NaN) nooutput
offset = STATS_mean
lazy(x) = x > 5 ? offset + slope * x : NaN
# The proved bound of t L(t), for the run in which it is smallest.
stats runs using (pick("erf", wide) ? $6 : NaN) nooutput
bound = STATS_min

set multiplot layout 1,2
set xlabel "log t"
set ylabel "‖θ_t − θ₀‖"
set key top left
set title "distance from the initialisation"
plot one_hot using (pick("erf", wide) ? $3 : NaN):5:6 with filledcurves fs transparent solid 0.15 \
    ls 1 notitle, \
     lazy(x) with lines ls 100 title "slope ‖ŵ‖ of the hard margin", \
     one_hot using (pick("erf", wide) ? $3 : NaN):4 with lines ls 1 \
         title sprintf("one-hot, erf, m = %d", wide), \
     one_hot using (pick("erf", narrow) ? $3 : NaN):4 with lines ls 4 \
         title sprintf("one-hot, erf, m = %d", narrow), \
     one_hot using (pick("relu", wide) ? $3 : NaN):4 with lines ls 5 \
         title sprintf("one-hot, relu, m = %d", wide), \
     soft using (pick("erf", wide) ? $3 : NaN):4 with lines ls 3 title "soft targets, ε = 0.1", \
     l2 using (pick("erf", wide) ? $3 : NaN):4 with lines ls 2 title "L2, λ = 0.1"

set ylabel "t · L(t)"
set logscale y
set format y "10^{%T}"
set key bottom right
set title "time × loss"
set yrange [1e-7:1e5]
plot bound with lines ls 100 title "n/(λ_{min} c^2), smallest", \
     square with lines ls 101 title "‖ŵ‖^2", \
     one_hot using (pick("erf", wide) ? $3 : NaN):(exp($16)) with lines ls 8 title "erf linearised", \
     one_hot using (pick("erf", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 1 title "one-hot, erf", \
     one_hot using (pick("relu", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 5 title "one-hot, relu", \
     soft using (pick("erf", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 3 title "soft targets", \
     l2 using (pick("erf", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 2 dashtype 2 title "L2"
unset multiplot
