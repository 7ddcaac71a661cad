# Certified smallest eigenvalues, and the spectrum where the theorem stops.
set multiplot layout 1,2
set logscale xy
set xlabel "number of points n"
set ylabel "smallest eigenvalue of Θ"
set key bottom left
set title "certified bound (points), eigensolver (lines): 2 hidden layers"
sets = "sphere-3 sphere-10 antipodal-3 antipodal-10 digits"
plot for [i=1:words(sets)] data."/cases.tsv" \
         using (strcol(1) eq word(sets, i) && strcol(2) eq "depth-2" ? $3 : NaN):5 with lines ls i notitle, \
     for [i=1:words(sets)] "" \
         using (strcol(1) eq word(sets, i) && strcol(2) eq "depth-2" ? $3 : NaN):($4 > 0 ? $4 : NaN) \
         with points ls i title word(sets, i)

unset logscale x
stats data."/spectra.tsv" using 2 nooutput
n = STATS_max
set yrange [1e-18:2]
set xlabel "index of eigenvalue"
set ylabel "eigenvalue relative to the largest"
set title "antipodal pairs on S²: one hidden layer is singular"
set arrow from n/2 + 3.5, 1e-18 to n/2 + 3.5, 2 nohead ls 100
set label "rank n/2 + 3" at n/2 + 4, 1e-8 left
plot data."/spectra.tsv" using (strcol(1) eq "depth-2" ? $2 : NaN):3 with points ls 1 title "2 hidden layers", \
     "" using (strcol(1) eq "depth-1" ? $2 : NaN):(abs($3) > 1e-18 ? abs($3) : 1e-18) with points ls 2 \
     title "1 hidden layer, no bias (magnitude)"
unset multiplot
