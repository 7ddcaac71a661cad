# Predicted band along a circle, quantiles of whitened outputs, deviations against 1/m.
circle = data."/circle.tsv"
quantiles = data."/quantiles.tsv"
plain = data."/controls/unperturbed/circle.tsv"
unperturbed = data."/controls/unperturbed/quantiles.tsv"
deviations = data."/deviations.tsv"
of(kind) = strcol(2) eq kind
stats quantiles using 2 nooutput
narrow = STATS_min; wide = STATS_max
stats circle using ($3 - 1.96 * $4) nooutput
low = STATS_min
stats circle using ($3 + 1.96 * $4) nooutput
high = STATS_max

set multiplot
set origin 0, 0
set size 0.38, 1
set xrange [0:2*pi]
set yrange [low - 0.65 * (high - low) : high + 0.1 * (high - low)] # room for the key
set xtics ("0" 0, "π" pi, "2π" 2*pi)
set key bottom left samplen 1.2
set title "networks as samples of a posterior"
set xlabel "angle on a circle through two training points"
set ylabel "output"
plot circle using 2:($3 - 1.96 * $4):($3 + 1.96 * $4) with filledcurves fs transparent solid 0.2 ls 1 \
    title "posterior, 95 %", \
     circle using 2:3 with lines ls 100 title "posterior, mean", \
     for [c=0:1] circle using 2:5 + 4 * c with points ls 2 pt 7 ps 0.35 \
         title (c == 0 ? "networks, 2.5 and 97.5 %" : ""), \
     circle using 2:7 with points ls 1 pt 7 ps 0.35 title "networks, median", \
     for [c=0:1] plain using 2:5 + 4 * c with lines ls 8 lw 1 \
         title (c == 0 ? "without noise on targets" : "")

set origin 0.38, 0
set size 0.31, 1
set title "whitened outputs at the test points"
set xlabel "quantile of the normal law"
set ylabel "quantile of the networks" offset 1
set xrange [-4.6:4.6]
set yrange [-4.6:6.6]
set xtics 2
set ytics 2
set key top left samplen 0.8 width -4
plot x with lines ls 100 title "the posterior", \
     unperturbed using ($2 == wide ? invnorm($3) : NaN):4 with points ls 8 pt 7 ps 0.3 \
         title "without noise on targets", \
     quantiles using ($2 == narrow ? invnorm($3) : NaN):4 with points ls 3 pt 7 ps 0.35 \
         title sprintf("m = %d", narrow), \
     quantiles using ($2 == wide ? invnorm($3) : NaN):4 with points ls 1 pt 7 ps 0.35 \
         title sprintf("m = %d", wide)

set origin 0.69, 0
set title "deviation from the posterior"
set xlabel "1/m"
set ylabel "in units of the posterior" offset 1
set xrange [-0.22 / narrow : 1.1 / narrow]
set yrange [-0.4:0.4]
set xtics ("0" 0, sprintf("   1/%d", wide) 1.0 / wide, sprintf("1/%d", narrow) 1.0 / narrow)
set ytics auto
set key bottom right
set errorbars 0
jitter(i, n) = (i - 0.5 * n) / n * 0.13 / narrow
plot 0 with lines ls 100 title "the posterior", \
     deviations using (of("mean") && $3 == 0 ? jitter($4, 13.0) - 0.07 / narrow : NaN):5:6 \
         with yerrorbars ls 2 pt 7 ps 0.4 lw 1 title "mean", \
     deviations using (of("covariance") && $3 == 0 ? jitter($4, 10.0) + 0.09 / narrow : NaN):5:6 \
         with yerrorbars ls 1 pt 7 ps 0.4 lw 1 title "covariance", \
     deviations using (of("mean") && $3 > 0 ? 1 / $3 : NaN):5 with points ls 2 pt 7 ps 0.5 notitle, \
     deviations using (of("covariance") && $3 > 0 ? 1 / $3 + 0.02 / narrow : NaN):5 with points \
         ls 1 pt 7 ps 0.5 notitle
unset multiplot
