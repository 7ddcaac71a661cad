# Top: maps of the probability of the second class. Bottom: the same probabilities against the
# posterior's; reliability on digits; networks against the solutions they should reach.
map = data."/map.tsv"
points = data."/points.tsv"
reliability = data."/reliability-digits.tsv"
gaps = data."/gaps.tsv"
wrong = data."/controls/wrong-lambda/gaps.tsv"
is(route) = strcol(1) eq route && $4 >= 5 ? $2 : NaN   # bins of fewer images say nothing

stats gaps using 1 nooutput
narrow = STATS_min; wide = STATS_max
stats gaps using ($1 == wide ? log($2) : NaN) nooutput
level = exp(STATS_mean)
stats map using 1 nooutput
edge = STATS_max

small = format eq "svg" ? "DejaVu Sans,11" : "DejaVu Sans,15"
set multiplot
set title font small
set tics font small
unset key

# ---- maps: columns of map.tsv
set palette defined (0 "#0072b2", 0.5 "#ffffff", 1 "#d55e00") maxcolors 20
set cbrange [0:1]
set xrange [-edge:edge]
set yrange [-edge:edge]
set format x ""
set format y ""
unset grid
unset colorbox
set border 15
array column[4] = [3, 7, 5, 6]
array name[4] = \
    ["posterior, sampled", sprintf("networks, m = %d, mean", wide), "Laplace approximation", \
    "single solution, f_0 = 0"]
do for [i=1:4] {
    set lmargin at screen 0.03 + (i - 1) * 0.225
    set rmargin at screen 0.03 + (i - 1) * 0.225 + 0.205
    set bmargin at screen 0.555
    set tmargin at screen 0.925
    set title name[i]
    if (i == 4) {
        set colorbox user origin screen 0.925, 0.555 size 0.014, 0.37 noborder
        set cbtics 0.25 font small
        set label 2 "probability" at screen 0.985, 0.525 right font small
    }
    plot map using 1:2:column[i] with image pixels, \
         points using ($3 == 0 ? $1 : NaN):2 with points pt 7 ps 1.1 lc rgb "#003f66", \
         points using ($3 == 1 ? $1 : NaN):2 with points pt 5 ps 1.1 lc rgb "#7a3500"
}
unset colorbox
unset label 2
set format x "%g"
set format y "%g"
set grid linestyle 200
set border 3
set bmargin at screen 0.115
set tmargin at screen 0.445
set key font small

# ---- the plane's probabilities against each other
set lmargin at screen 0.06
set rmargin at screen 0.31
set title "plane: each new point"
set xlabel "probability, posterior" font small offset 0,0.4
set ylabel "probability, other route" font small offset 1.2
set xrange [0.1:0.9]
set yrange [0.1:0.9]
set xtics 0.2
set key top left samplen 1.2
plot x with lines ls 100 title "agreement", \
     map using 3:6 with points ls 2 pt 7 ps 0.3 title "single solution", \
     map using 3:5 with points ls 3 pt 7 ps 0.3 title "Laplace", \
     map using 3:4 with points ls 1 pt 7 ps 0.3 title "ensemble"

# ---- reliability
set lmargin at screen 0.385
set rmargin at screen 0.64
set title (tier eq "full" ? "all ten digits: reliability" : "digits 3, 5, 8: reliability")
set xlabel "probability of the class predicted" font small offset 0,0.4
set ylabel "part predicted correctly" font small offset 1.2
set xrange [0.1:1]
set yrange [0.1:1.04]
set key bottom right samplen 1 width -3 spacing 1
set label 1 "calibrated" at 0.78, 0.72 rotate by 36 font small textcolor ls 100
plot x with lines ls 100, \
     reliability using (is("posterior")):3 with linespoints ls 7 title "posterior", \
     reliability using (is("ensemble")):3 with linespoints ls 1 title "ensemble", \
     reliability using (is("laplace")):3 with linespoints ls 3 title "Laplace", \
     reliability using (is("mode")):3 with linespoints ls 2 title "single solution"

# ---- networks: smooth unique is the mean over networks
set lmargin at screen 0.735
set rmargin at screen 0.98
unset label 1
set title "networks against their solutions"
set xlabel "hidden width m" font small offset 0,0.4
set ylabel "relative gap" font small
set logscale xy
set format y "10^{%T}"
set xrange [9:wide * 1.6]
set yrange [level / 6:60]
set xtics autofreq
set key top right
plot gaps using 1:2 with points ls 1 pt 7 ps 0.25 notitle, \
     gaps using 1:2 smooth unique with linespoints ls 1 title "networks", \
     wrong using 1:2 smooth unique with linespoints ls 2 dashtype 3 title "with a wrong λ", \
     1.3 * level * sqrt(wide / x) with lines ls 100 title "m^{−1/2}"
unset multiplot
