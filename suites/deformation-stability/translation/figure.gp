# Feature distance of a translation by one pixel against the width of the last pooling.
means = data."/means.tsv"
free = data."/controls/no-pooling/means.tsv"
stats means using (strcol(1) eq "noise" ? $2 : NaN) nooutput
most = STATS_max
stats means using (strcol(1) eq "digits" ? $2 : NaN) nooutput
most_digits = STATS_max
stats means using (strcol(1) eq "digits" && $2 == 2 ? $5 : NaN) nooutput
two = STATS_max
of(kind, column) = strcol(1) eq kind ? column : NaN
set multiplot layout 1,2
set logscale xy
set logscale x 2
set xrange [1.7 : most * 1.2]
set xlabel "factor of the last pooling, s = √2 σ"
set yrange [0.004:4]
set ylabel "‖Φ(Lx) − Φ(x)‖ / ‖x‖"
set title "(a) signals on a circle, NTK"
set key at graph 0.03, graph 0.27 left top
plot means using 2:(of("noise", $3) * sqrt(3)) with lines ls 100 title "bound, √3 ‖A(L − 1)‖", \
     means using 2:(of("wave", $5)) with linespoints ls 1 title "wave of frequency 1/σ", \
     means using 2:(of("noise", $5)) with linespoints ls 2 title "noise", \
     free using 2:(of("noise", $5)) with linespoints ls 8 title "no pooling (control)"

set xrange [1.7 : most_digits * 1.2]
set yrange [0.004:4]
set title "(b) digits on a torus"
plot two * 2 / x with lines ls 100 title "1/σ", \
     means using 2:(of("digits", $5)) with linespoints ls 1 title "NTK", \
     means using 2:(of("digits", $4)) with linespoints ls 2 title "CKN", \
     free using 2:(of("digits", $5)) with linespoints ls 8 title "NTK, no pooling (control)"
unset multiplot
