# Distance from the initialisation under L2 and without; and every run beside its own bound.
with_l2 = data."/trajectories.tsv"
without = data."/controls/no-regulariser/trajectories.tsv"
runs = data."/runs.tsv"
control = data."/controls/no-regulariser/runs.tsv"
stats with_l2 using 2 nooutput
wide = STATS_max
bound = sqrt(2 * log(2) / 0.1)
networks = "erf gelu relu erf-k3 relu-k10"
activation = "erf gelu relu erf relu"
classes = "2 2 2 3 10"

set multiplot layout 1,2
set title sprintf("distance from the initialisation, m = %d", wide)
set xlabel "log t"
set ylabel "‖θ_t − θ₀‖"
set key top left
set xrange [-4:14]
set yrange [0:20]
plot for [i=1:3] with_l2 using (pick(word(networks, i), wide) ? $3 : NaN):5:6 \
         with filledcurves fs transparent solid 0.15 ls i notitle, \
     bound with lines ls 100 title "√(2 L_0/λ) for L_0 = log 2", \
     for [i=1:3] without using (pick(word(networks, i), wide) ? $3 : NaN):4 with lines ls i dashtype 3 \
         title word(networks, i).", λ = 0", \
     for [i=1:3] with_l2 using (pick(word(networks, i), wide) ? $3 : NaN):4 with lines ls i \
         title word(networks, i).", λ = 0.1"

# Two columns to a network: the runs with L2, and those without, at log t = 80.
set title "each run, beside its own bound"
set xlabel ""
set ylabel "sup ‖θ_t − θ₀‖ / √(2 L_0/λ)"
set logscale y
set xrange [0.4:6.2]
set yrange [0.1:1000]
set xtics ("" 1)
set for [i=1:5] xtics add (word(activation, i).", K = ".word(classes, i) i) rotate by -30
set key top left
plot 1 with lines ls 100 title "the bound", \
     for [i=1:5] control using (strcol(1) eq word(networks, i) ? i + 0.12 : NaN):4 with points ls 2 \
         title i == 1 ? "λ = 0" : "", \
     for [i=1:5] runs using (strcol(1) eq word(networks, i) ? i - 0.12 : NaN):4 with points ls 1 \
         title i == 1 ? "λ = 0.1" : ""
unset multiplot
