# From soft targets to one-hot targets: logits along the flow, where they end, and when.
paths = data."/paths.tsv"
runs = data."/runs.tsv"
regularised = data."/controls/regularised/runs.tsv"
near(a, b) = abs(log(a / b)) < 1e-6
curve(e) = strcol(1) eq "kernel" && $2 > 0 && near($2, e) ? $3 : NaN
inverse(c) = strcol(1) eq c ? 1 / $2 : NaN

set multiplot
set tmargin 0; set bmargin 0; set lmargin 0; set rmargin 0

set origin 0.07, 0.13
set size 0.45, 0.77
set title "logits along the flow (kernel, K = 2)"
set xlabel "log t"
set ylabel "largest spread of the logits" offset 1
set xrange [-4:43]
set yrange [0:34]
set key top left
set palette defined (1 "#56b4e9", 6.5 "#0072b2", 12 "#d55e00")
set cbrange [1:12]
unset colorbox
set label 1 "ε = 10^{−1}" at 24, 3.4
set label 2 "ε = 10^{−12}" at 31.5, 29.3
plot for [k=1:12] paths using (curve(10.0**(-k))):4 with lines lw 2 lc palette cb k notitle, \
     paths using (strcol(1) eq "kernel" && $2 == 0 ? $3 : NaN):4 with lines ls 100 title "one-hot targets"
unset label

# smooth unique: the mean over seeds.
array case[4] = ["kernel", "kernel-k3", "network", "network-k3"]
array name[4] = ["kernel, K = 2", "kernel, K = 3", "network, K = 2", "network, K = 3"]
cases = tier eq "full" ? 4 : 3
set logscale x
set format x "10^{%T}"
set xrange [5:2e12]
set origin 0.6, 0.57
set size 0.38, 0.33
set title "where it ends"
set xlabel ""
set ylabel "spread" offset 1
set yrange [0:48]
set key top left maxrows 2 width -2
set label 3 "with L2" at 1e9, 6.5
plot for [i=1:cases] runs using (inverse(case[i])):6 smooth unique with points ls i title name[i], \
     for [i=1:cases] regularised using (inverse(case[i])):6 smooth unique with points ls i pt 6 notitle, \
     log(x - 1) with lines ls 100 title "log((1 − ε)/ε)"

set origin 0.6, 0.13
set title "when it arrives"
set xlabel "1/ε"
set ylabel "time T" offset 1
set logscale y
set format y "10^{%T}"
set yrange [1e-1:1e18]
unset key
set label 3 "with L2" at 1e9, 400
set label 4 "T ∝ 1/ε (dashed), bounds (dotted)" at 10, 1e16
early(c) = strcol(1) eq c ? exp($8) * $11 : NaN
late(c) = strcol(1) eq c ? exp($8) / $12 : NaN
plot runs using (inverse("kernel")):(early("kernel")) smooth unique with lines ls 101, \
     runs using (inverse("kernel")):(late("kernel")) smooth unique with lines ls 101, \
     for [i=1:cases] runs using (inverse(case[i])):(exp($8)) smooth unique with points ls i, \
     for [i=1:cases] regularised using (inverse(case[i])):(exp($8)) smooth unique with points ls i pt 6, \
     20 * x with lines ls 100
unset multiplot
