# Distance from the initialisation and t * loss against log t; L2 and soft targets beside.
set multiplot layout 1,2
set xlabel "log t"
set ylabel "‖θ_t − θ₀‖"
set key top left
set title "one-hot diverges, L2 and soft targets do not (erf)"
one_hot = data."/trajectories.tsv"
l2 = data."/controls/l2/trajectories.tsv"
soft = data."/controls/soft-targets/trajectories.tsv"
pick(a, m) = strcol(1) eq a && $2 == m
stats one_hot using 2 nooutput
narrow = STATS_min; wide = STATS_max
plot one_hot using (pick("erf", wide) ? $3 : NaN):5:6 with filledcurves fs transparent solid 0.15 lc rgb "#0072b2" notitle, \
     one_hot using (pick("erf", narrow) ? $3 : NaN):4 with lines ls 1 dashtype 2 title sprintf("one-hot, m = %d", narrow), \
     one_hot using (pick("erf", wide) ? $3 : NaN):4 with lines ls 1 title sprintf("one-hot, m = %d", wide), \
     one_hot using (pick("relu", wide) ? $3 : NaN):4 with lines ls 4 title sprintf("one-hot, relu, m = %d", wide), \
     l2 using (pick("erf", wide) ? $3 : NaN):4 with lines ls 2 title "L2, λ = 0.1", \
     soft using (pick("erf", wide) ? $3 : NaN):4 with lines ls 3 title "soft targets, ε = 0.1"

set ylabel "t · L(t)"
set logscale y
set key top left
set title "t · loss stays below n / (λ c²)"
set yrange [1e-3:1e12]
plot one_hot using (pick("erf", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 1 title "one-hot, erf", \
     one_hot using (pick("relu", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 4 title "one-hot, relu", \
     l2 using (pick("erf", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 2 title "L2", \
     soft using (pick("erf", wide) ? $3 : NaN):(exp($3 + $7)) with lines ls 3 title "soft targets"
unset multiplot
