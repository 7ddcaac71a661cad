# The look of every figure; loaded by the runner before a claim's figure.gp. The runner defines
#     data     the claim's results: metrics.tsv and tables; controls in data/controls/<name>/
#     output   the file that is drawn
#     format   "svg" or "png"
#     tier     "quick" or "full"
# A figure.gp plots: it sets no terminal, output, font or colour of its own.

if (format eq "svg") {
    set terminal svg size 960,540 dynamic enhanced font "DejaVu Sans,13" background rgb "white" \
        linewidth 1.2
} else {
    set terminal pngcairo size 1440,810 enhanced font "DejaVu Sans,19" background rgb "white" linewidth \
        1.8
}
set output output
set encoding utf8

# Result tables: columns separated by tabs, names in the first line.
set datafile separator tab
set datafile columnheaders
set datafile missing "nan"

# Series: the palette of Okabe and Ito (2008), told apart with every kind of colour vision.
set style line 1 lc rgb "#0072b2" lw 2 pt 7  ps 0.7
set style line 2 lc rgb "#d55e00" lw 2 pt 5  ps 0.7
set style line 3 lc rgb "#009e73" lw 2 pt 9  ps 0.8
set style line 4 lc rgb "#cc79a7" lw 2 pt 11 ps 0.8
set style line 5 lc rgb "#e69f00" lw 2 pt 13 ps 0.9
set style line 6 lc rgb "#56b4e9" lw 2 pt 4  ps 0.7
set style line 7 lc rgb "#000000" lw 2 pt 6  ps 0.7
set style line 8 lc rgb "#777777" lw 2 pt 8  ps 0.8

# What theory says: 100 for the bound or law that is tested, 101 for a second one.
set style line 100 lc rgb "#222222" lw 2 dashtype (10,6)
set style line 101 lc rgb "#888888" lw 2 dashtype (3,5)

set style line 200 lc rgb "#d9dce0" lw 0.6
set style line 201 lc rgb "#50565e" lw 1
set grid linestyle 200
set border 3 linestyle 201
set tics nomirror textcolor rgb "#30353b"
set key noopaque noautotitle Left reverse samplen 2.5 spacing 1.15
set title font format eq "svg" ? "DejaVu Sans,12" : "DejaVu Sans,17" offset 0,-0.4
set samples 400

# Rows of a table whose first two columns are a network's name and its width. Widths that step by a
# factor of 4, as both tiers of most sweeps do: how many there are between two, and the i-th from
# the narrowest.
pick(name, m) = strcol(1) eq name && $2 == m
is(name) = strcol(1) eq name ? $2 : NaN
steps(narrow, wide) = int(log(wide / narrow) / log(4) + 0.5) + 1
step(narrow, i) = narrow * 4**(i - 1)

# The look of a network by its name ("gelu-3-k10"; one hidden layer and two classes where nothing is
# said): a colour for each depth, another one for ReLU, a point for each number of classes; and
# their key, for `plot ..., @network_key`.
layers(name) = strstrt(name, "-2") ? 2 : strstrt(name, "-3") ? 3 : 1
network_style(name) = name[1:4] eq "relu" ? 5 : layers(name)
network_point(name) = strstrt(name, "-k10") ? 9 : strstrt(name, "-k3") ? 5 : 7
network_key = \
    "for [i=1:3] NaN with lines ls i title sprintf('L = %d', i), NaN with lines ls 5 title 'ReLU', \
    NaN with points ls 7 pt 7 title 'K = 2', NaN with points ls 7 pt 5 title 'K = 3', NaN with points \
        ls 7 pt 9 title 'K = 10'"
