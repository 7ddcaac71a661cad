# Spread of the logits with soft targets, and with one-hot targets over a far longer time.
soft = data."/trajectories.tsv"
one_hot = data."/controls/one-hot/trajectories.tsv"
stats soft using 2 nooutput
wide = STATS_max
n = 8; epsilon = 0.06
bound = n * log(3) / epsilon
activations = "erf relu"
set xlabel "log t"
set ylabel "largest spread, max_k f − min_k f"
set multiplot layout 1,2
set title "soft targets: to the interpolating logits"
set yrange [0:10]
plot for [i=1:2] soft using (pick(word(activations, i), wide) ? $3 : NaN):11:12 \
         with filledcurves fs transparent solid 0.15 ls i notitle, \
     for [i=1:2] soft using (pick(word(activations, i), wide) ? $3 : NaN):10 with lines ls i \
         title word(activations, i), \
     log((1 - 2 * epsilon) / epsilon) with lines ls 100 title "log((1 − 2ε)/ε)"
set title "one-hot targets pass n L_0/ε"
set autoscale y
set xrange [-4:500]
set logscale y
set key at graph 0.97, 0.45
plot bound with lines ls 100 title "n L_0/ε for L_0 = log 3", \
     log((1 - 2 * epsilon) / epsilon) with lines ls 101 title "soft targets rest", \
     for [i=1:2] one_hot using (pick(word(activations, i), wide) ? $3 : NaN):10 with lines ls i dashtype i \
         title word(activations, i).", one-hot"
unset multiplot
