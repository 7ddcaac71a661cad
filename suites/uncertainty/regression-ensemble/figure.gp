# Predicted bands along a circle, quantiles of whitened outputs, deviations against 1/m.
circle = data."/circle.tsv"
quantiles = data."/quantiles.tsv"
mixture = data."/controls/dependent-parameters/quantiles.tsv"
deviations = data."/deviations.tsv"
in(law) = strcol(1) eq law
of(kind) = strcol(1) eq "interpolating" && strcol(2) eq kind
array law[2] = ["interpolating", "ridge"]
array lambda[2] = ["λ = 0", "λ = 0.05"]
stats quantiles using 2 nooutput
narrow = STATS_min; wide = STATS_max
stats mixture using 2 nooutput
mixed = STATS_max
stats circle using ($3 - 1.96 * $4) nooutput
low = STATS_min
stats circle using ($3 + 1.96 * $4) nooutput
high = STATS_max

set multiplot
set xrange [0:2*pi]
set yrange [low - 0.8 * (high - low) : high + 0.1 * (high - low)] # room for the key
set xtics ("0" 0, "π" pi, "2π" 2*pi)
set ylabel "output"
set key bottom left samplen 1.2
do for [l=1:2] {
    set size 0.38, 0.53
    set origin 0, 0.5 * (2 - l) - (l == 2 ? 0 : 0.03)
    set title lambda[l].": spread of ".(l == 1 ? "trained networks" : "networks trained with L2")
    set xlabel (l == 2 ? "angle on a circle through two training points" : "")
    plot circle using (in(law[l]) ? $2 : NaN):($3 - 1.96 * $4):($3 + 1.96 * $4) \
             with filledcurves fs transparent solid 0.2 ls 1 title (l == 1 ? "law, 95 %" : ""), \
         circle using (in(law[l]) ? $2 : NaN):3 with lines ls 100 title (l == 1 ? "law, mean" : ""), \
         for [c=0:1] circle using (in(law[l]) ? $2 : NaN):5 + 4 * c with points ls 2 pt 7 ps 0.35 \
             title (l == 2 && c == 0 ? "networks, 2.5 and 97.5 %" : ""), \
         circle using (in(law[l]) ? $2 : NaN):7 with points ls 1 pt 7 ps 0.35 \
             title (l == 2 ? "networks, median" : "")
}

set origin 0.38, 0
set size 0.31, 1
set title "whitened outputs at the test points"
set xlabel "quantile of the normal law"
set ylabel "quantile of the networks" offset 1
set xrange [-4.6:4.6]
set yrange [-15:9] # room for the key
set xtics 2
set ytics 2
set key bottom left samplen 0.8 width -4
plot x with lines ls 100 title "the law", \
     mixture using ($2 == mixed ? invnorm($3) : NaN):4 with points ls 8 pt 7 ps 0.3 \
         title "dependent parameters", \
     for [l=1:2] quantiles using (in(law[l]) && $2 == wide ? invnorm($3) : NaN):4 \
         with points ls 3 - 2 * (2 - l) pt 7 ps 0.35 title sprintf("m = %d, %s", wide, lambda[l])

set origin 0.69, 0
set title "deviation from the law, λ = 0"
set xlabel "1/m"
set ylabel "in units of the law" offset 1
set xrange [-0.22 / narrow : 1.1 / narrow]
set yrange [-0.55:0.4]
set xtics ("0" 0, sprintf("   1/%d", wide) 1.0 / wide, sprintf("1/%d", narrow) 1.0 / narrow)
set ytics auto
set key bottom right
set errorbars 0
jitter(i, n) = (i - 0.5 * n) / n * 0.13 / narrow
plot 0 with lines ls 100 title "the law", \
     deviations using (of("mean") && $3 == 0 ? jitter($4, 17.0) - 0.07 / narrow : NaN):5:6 \
         with yerrorbars ls 2 pt 7 ps 0.4 lw 1 title "mean", \
     deviations using (of("covariance") && $3 == 0 ? jitter($4, 10.0) + 0.09 / narrow : NaN):5:6 \
         with yerrorbars ls 1 pt 7 ps 0.4 lw 1 title "covariance", \
     deviations using (of("mean") && $3 > 0 ? 1 / $3 : NaN):5 with points ls 2 pt 7 ps 0.5 notitle, \
     deviations using (of("covariance") && $3 > 0 ? 1 / $3 + 0.02 / narrow : NaN):5 with points \
         ls 1 pt 7 ps 0.5 notitle
unset multiplot
