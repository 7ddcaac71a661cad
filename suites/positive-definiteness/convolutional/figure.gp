# Certified smallest eigenvalues, and the spectra where the theorem stops.
cases = data."/cases.tsv"
spectra = data."/spectra.tsv"
sets = "sphere-3 sphere-10 antipodal-3 antipodal-10 digits"
stats spectra using 2 nooutput
n = STATS_max
stats cases using 3 nooutput
set xrange [STATS_min / 1.4 : STATS_max * 1.4]
stats cases using (strcol(2) eq "strided-2" ? $5 : NaN) nooutput
lowest = 10**floor(log10(STATS_min) - 1.3)
set multiplot layout 1,2
set logscale y
set logscale x 2
set format y "10^{%T}"
set xlabel "number of images n"
set ylabel "λ_{min}(Θ)"
set key bottom left
set yrange [lowest:10]
set title "2 layers: certified (points), eigensolver (lines)"
plot for [i=1:words(sets)] cases \
         using (strcol(1) eq word(sets, i) && strcol(2) eq "strided-2" ? $3 : NaN):5 with lines ls i notitle, \
     for [i=1:words(sets)] cases \
         using (strcol(1) eq word(sets, i) && strcol(2) eq "strided-2" ? $3 : NaN):($4 > 0 ? $4 : NaN) \
         with points ls i title word(sets, i)

floor_ = 1e-18
clip(value) = abs(value) > floor_ ? abs(value) : floor_
unset logscale x
set xtics auto
set xrange [0:n + 1]
set yrange [floor_:5]
set xlabel "index of eigenvalue"
set ylabel "|eigenvalue| / largest"
set title sprintf("%d antipodal pairs on S^2", n / 2)
set arrow from n/2 + 3.5, floor_ to n/2 + 3.5, 5 nohead ls 100
set label "rank n/2 + 3" at n/2 + 2.8, 1e-8 right
set key at graph 0.11, graph 0.42 left top
plot spectra using (strcol(1) eq "strided-2" ? $2 : NaN):3 with points ls 1 title "2 layers", \
     spectra using (strcol(1) eq "one-layer" ? $2 : NaN):(clip($3)) with points ls 2 title "1 layer"
unset multiplot
