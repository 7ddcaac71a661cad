# Spread of the logits with soft and with one-hot targets.
set xlabel "log t"
set ylabel "largest spread of the logits, max_k f − min_k f"
set logscale y
set key outside right
soft = data."/trajectories.tsv"
one_hot = data."/controls/one-hot/trajectories.tsv"
pick(a, m) = strcol(1) eq a && $2 == m
stats soft using 2 nooutput
wide = STATS_max
n = 8; epsilon = 0.1
activations = "erf relu"
set xrange [-4:300]
plot for [i=1:2] soft using (pick(word(activations, i), wide) ? $3 : NaN):11:12 \
         with filledcurves fs transparent solid 0.15 ls i notitle, \
     for [i=1:2] soft using (pick(word(activations, i), wide) ? $3 : NaN):10 with lines ls i title word(activations, i).", soft", \
     for [i=1:2] one_hot using (pick(word(activations, i), wide) ? $3 : NaN):10 with lines ls i dashtype 3 \
         title word(activations, i).", one-hot", \
     n * log(3) / epsilon with lines ls 100 title "n L_0/ε, L_0 = log 3", \
     log((1 - 2 * epsilon) / epsilon) with lines ls 101 title "log((1 − 2ε)/ε)"
