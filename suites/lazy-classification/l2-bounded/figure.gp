# Distance from the initialisation under L2 and without.
with_l2 = data."/trajectories.tsv"
without = data."/controls/no-regulariser/trajectories.tsv"
pick(a, m) = strcol(1) eq a && $2 == m
stats with_l2 using 2 nooutput
wide = STATS_max
bound = sqrt(2 * log(2) / 0.1)
activations = "erf gelu relu"
set xlabel "log t"
set ylabel "‖θ_t − θ₀‖"
set key outside right
set xrange [-4:14]
set yrange [0:16]
plot for [i=1:3] with_l2 using (pick(word(activations, i), wide) ? $3 : NaN):5:6 \
         with filledcurves fs transparent solid 0.15 ls i notitle, \
     bound with lines ls 100 title "√(2 L_0/λ) for L_0 = log 2", \
     for [i=1:3] with_l2 using (pick(word(activations, i), wide) ? $3 : NaN):4 with lines ls i title word(activations, i).", λ = 0.1", \
     for [i=1:3] without using (pick(word(activations, i), wide) ? $3 : NaN):4 with lines ls i dashtype 3 \
         title word(activations, i).", λ = 0"
