# The look of every figure; loaded by the runner before a claim's figure.gp. The runner defines
#     data     the claim's results: metrics.tsv and tables; controls in data/controls/<name>/
#     output   the file that is drawn
#     format   "svg", "png" or "pdf"
#     width    "screen"; "single" or "double", the width of one or two columns of a paper
#     tier     "quick" or "full"
# and the parameters in effect: claim_log_horizon, and of a control soft-targets
# soft_targets_log_horizon. A figure.gp plots. It sets no terminal, output, font, colour or margin
# of its own; each number that it draws comes from a table or a parameter (ci/check-figures).

set encoding utf8
set minussign

# Result tables: columns separated by tabs, names in the first line.
set datafile separator tab
set datafile columnheaders
set datafile missing "nan"

# ---- series -----------------------------------------------------------------------------------

# After the palette of Okabe and Ito (2008), told apart with every kind of colour vision; its two
# brightest colours are darkened, so that each has a contrast of at least 3 to white.
set style line 1 lc rgb "#0072b2" lw 2 pt 7  ps 0.52
set style line 2 lc rgb "#d55e00" lw 2 pt 5  ps 0.52
set style line 3 lc rgb "#00865e" lw 2 pt 9  ps 0.6
set style line 4 lc rgb "#b55a8c" lw 2 pt 11 ps 0.6
set style line 5 lc rgb "#a87000" lw 2 pt 13 ps 0.68
set style line 6 lc rgb "#3388bb" lw 2 pt 4  ps 0.52
set style line 7 lc rgb "#000000" lw 2 pt 6  ps 0.52
set style line 8 lc rgb "#6b3fa0" lw 2 pt 8  ps 0.6
set style line 9 lc rgb "#7a4a1e" lw 2 pt 10 ps 0.6
set style line 10 lc rgb "#4d7d0d" lw 2 pt 12 ps 0.68

# A control: dots and open points, in grey where it stands alone, else in the colour of the series
# that it is the control of.
dots = "(2,4)"
set style line 90 lc rgb "#666666" lw 1.5 dashtype (2,4) pt 6 ps 0.83
set style line 91 lc rgb "#222222" lw 1.5 dashtype (2,4) pt 4 ps 0.83

# What theory says: 100 for the bound or law that is tested, 101 for a second one.
set style line 100 lc rgb "#222222" lw 1.6 dashtype (10,6)
set style line 101 lc rgb "#777777" lw 1.6 dashtype (14,4,2,4)

set style line 200 lc rgb "#d9dce0" lw 0.6
set style line 201 lc rgb "#50565e" lw 1

# A band in the colour of a series; its key, and that of other things that are explained alike.
band = "with filledcurves fs transparent solid 0.15 noborder ls"
band_key = "keyentry with boxes fs transparent solid 0.25 noborder ls 7 title 'band: all seeds'"
nothing = "keyentry with lines lc rgb '#ffffffff' title"

# The distance of 1 to the next number in double precision.
rounding = 2.0**-52

# Of so many points, one in thinned(n) is enough of a cloud.
thinned(n) = int(ceil(n / 150.0))

# Open points, the counterparts of the filled ones of a series.
open_point(i) = int(word("6 4 8 10 12 6 4 8 10 12", i))

# How far the i-th of n series stands to the side, as a factor of the width, so as to be seen.
beside(i, n) = 1 + 0.04 * (i - (n + 1) / 2.0)

# How far a guide to the eye (a stated power, without its constant) stands beside the data.
aside = 1.5

# The normal law's quantile of 97.5 %.
normal_95 = invnorm(0.975)

# ---- letters ----------------------------------------------------------------------------------

# A hat over its letter. The axis of a drift.
Kernel = "~Θ{.3ˆ}".(format eq "svg" ? "" : "{/*0.9  }")
Kernel_t = Kernel."_t"
Kernel_0 = Kernel."_0"
drift_label = "drift ‖".Kernel_t." − ".Kernel_0."‖_F / ‖".Kernel_0."‖_F"

# The field's names. The name of a network, as the experiments have it, is "gelu-3-k10-l2" or the
# like: one hidden layer and two classes where nothing is said.
named(name) = name[1:4] eq "relu" ? "ReLU" : name[1:4] eq "gelu" ? "GELU" : name[1:8] eq "residual" ? \
    "residual" : strstrt(name, "-") ? name[1:strstrt(name, "-") - 1] : name
digit(text) = strlen(text) > 0 && strstrt("123456789", text[1:1]) > 0
classes(name) = strstrt(name, "-k") ? int(before(name[strstrt(name, "-k") + 2:]) + 0) : 2
before(name) = strstrt(name, "-") ? name[1:strstrt(name, "-") - 1] : name
after(name) = strstrt(name, "-") ? name[strstrt(name, "-") + 1:] : ""
layers(name) = digit(after(name)) ? int(after(name)[1:1]) : 1
network(name) = sprintf("%s, L = %d, K = %d", named(name), layers(name), classes(name))
network_key = nothing." 'L hidden layers, K classes'"

# Sets of points, by the names that experiments give them: "antipodal-3" lies on the sphere of R^3.
dimension(name) = int(after(name) + 0)
point_set(name) = strstrt(name, "-") == 0 ? name : sprintf("%s, S^{%d}", \
    name[1:6] eq "sphere" ? "uniform" : name[1:9] eq "antipodal" ? "antipodal pairs" : before(name), \
            dimension(name) - 1)
# Architectures without activation: "depth-2", "depth-1-bias".
depth_of(name) = int(before(after(name)) + 0)
tail(name) = strstrt(after(name), "-") ? ", ".after(after(name)) : ""

# The number that a word of a list stands for (gnuplot does not read "1e-08" as one).
number(text) = strstrt(text, "e") > 0 && strstrt(text, ".") == 0 ? \
    real(text[1:strstrt(text, "e") - 1].".0".text[strstrt(text, "e"):]) : real(text)

hundredths = 100.0
percent(text) = sprintf("%.0f", hundredths * number(text))

# A number as a reader writes it: 0.1, 10^{−5}.
power_of_ten(x) = abs(log10(x) - floor(log10(x) + 0.5)) < 1e-9
short(x) = x > 0 && (x < 1e-3 || x >= 1e5) ? \
    (power_of_ten(x) ? gprintf("10^{%T}", x) : gprintf("%.1t·10^{%T}", x)) : sprintf("%.4g", x)

# ---- tables -----------------------------------------------------------------------------------

# Columns have names: using (col("width")). A value under a condition, and rows of one network, and
# of one width (a word of a list).
col(name) = column(name)
has(name, word) = strcol(name) eq word
when(condition, value) = condition ? value : NaN
is(network) = has("activation", network)
run(network, m) = is(network) && has("width", m)
curve(network, m) = when(run(network, m), col("log-time"))
# x where the table has a number in that column.
where(name, x) = x + 0 * col(name)
line(network) = when(is(network), col("width"))

# eval list("widths", "runs", 'strcol("width")') makes `widths` the list of the words that occur in
# a table, in the order of their rows. eval span("y", "runs", 'col("drift")') makes y_low, y_high,
# y_mean and y_count.
found = ""
collect(word) = word eq "" || strstrt(" ".found, " ".word." ") > 0 ? 0 : (found = found.word." ", 0)
list(name, table, word) = "found = ''; stats ".table." using (collect(".word.")) nooutput; ".name." = \
        found[1:strlen(found) - 1]"
span(name, table, value) = "stats ".table." using (".value.") nooutput; ".\
    name."_low = STATS_min; ".name."_high = STATS_max; ".name."_mean = STATS_mean; ".\
    name."_count = STATS_records"
# A list as a reader writes it: "1, 2, 3".
commas(list) = words(list) > 1 ? first(list).", ".commas(list[strlen(first(list)) + 2:]) : list
# A long one: "0–9".
dashes(list) = words(list) > 5 ? first(list)."–".last(list) : commas(list)
first(words) = word(words, 1)
last(words) = word(words, words(words))
larger(a, b) = a > b ? a : b
smaller(a, b) = a < b ? a : b
most(list) = words(list) > 1 ? larger(first(list) + 0, most(list[strlen(first(list)) + 2:])) : list + 0
least(list) = words(list) > 1 ? smaller(first(list) + 0, least(list[strlen(first(list)) + 2:])) : list + 0
joined(file) = data."/".file.".tsv"
ensemble = ARG0[1:strstrt(ARG0, "style.gp") - 1]."ensemble.gp"
control(name, file) = data."/controls/".name."/".file.".tsv"

# ---- axes -------------------------------------------------------------------------------------

# eval log_axis("y", low, high): a logarithmic axis that holds these values, with numbers at 1, 2
# and 5 where it is short. eval linear_axis("x", low, high) likewise. eval width_axis(widths): its
# numbers are the widths that have been run.
decades(low, high) = log10(high / low)
log_tics(axis, low, high) = decades(low, high) < 1.9 ? \
    sprintf("set for [e=%d:%d] for [k in '1 2 5'] %stics add (sprintf('%%g', k * 10.0**e) k * 10.0**e)", \
        floor(log10(low)), ceil(log10(high)), axis) : \
    decades(low, high) > 8 ? "set format ".axis." '10^{%T}'; set ".axis."tics ".\
        sprintf("%g", 10.0**ceil(decades(low, high) / 5)) : \
    decades(low, high) < 4 && low > 1e-3 ? "set format ".axis." '%g'" : "set format ".axis." '10^{%T}'"
# Values that are all but one have a factor of three on either side, and so a number beside them.
margin_of(low, high) = high / low > 1.02 ? (high / low)**0.05 : 3
log_axis(axis, low, high) = "set logscale ".axis." 10; set ".axis."tics autofreq; set ".axis."tics; ".\
    (decades(low, high) > 6 ? "set m".axis."tics 1; " : "set m".axis."tics default; ").\
    sprintf("set %srange [%.8g : %.8g]; ", axis, low / margin_of(low, high), high * margin_of(low, high)).\
    (decades(low, high) < 1.9 ? sprintf("set %stics (''%.8g); ", axis, low) : "").\
    log_tics(axis, low, high)
numbers_across = 6.0   # along the current panel; panel() sets it
unit_of(x) = 10.0**floor(log10(x))
step_of(x) = x < 1.5 * unit_of(x) ? unit_of(x) : x < 3.5 * unit_of(x) ? 2 * unit_of(x) : \
    x < 7.5 * unit_of(x) ? 5 * unit_of(x) : 10 * unit_of(x)
linear_axis(axis, low, high) = "unset logscale ".axis."; set format ".axis." '%g'; set ".\
    axis."tics autofreq; ".sprintf("set %stics %.8g; ", axis, step_of((high - low) / (axis eq "x" ? \
            numbers_across : 5.0)))."set m".axis."tics default; ". \
    sprintf("set %srange [%.8g : %.8g]", axis, low - 0.05 * (high - low), high + 0.05 * (high - low))
# Of one width alone, the axis goes from half of it to twice.
spread(list) = most(list) > least(list) ? 1.0 * most(list) / least(list) : 2**(1 / 0.06)
width_axis(list) = sprintf("set logscale x 2; set xrange [%.8g : %.8g]; set xtics (''%s); ", \
    least(list) / spread(list)**0.06, most(list) * spread(list)**0.06, first(list)).\
    "kept = ''; do for [m in '".list."'] { set xtics add ((crowds(m, kept, ".\
    sprintf("%.8g", log(spread(list)) / 10).") ? '' : m) m + 0); ".\
    "if (!crowds(m, kept, ".sprintf("%.8g", log(spread(list)) / \
            10).")) { kept = kept.m.' ' } }; ". \
    "set mxtics 1; set xlabel 'hidden width m'"
# Whether the number of a width would touch that of another.
crowds(m, others, distance) = words(others) > 0 ? \
    sum [j=1:words(others)] (abs(log(1.0 * m / word(others, j))) < distance) : 0


# ---- panels -----------------------------------------------------------------------------------

# All lengths are in units of the font's size, so that the layout is one for all formats.
#
#     eval figure("3", "4 2 5", "1 1 1")   three panels in a row; entries of each panel's key, and
#                                          the columns that they stand in; figure("2 3", ...): two
#                                          above three
#     eval panel(1, "title")               margins, letter, title, place of the key; then plot
#     eval finish
#
# The key stands below its panel, never on data. In a single column panels stand below each other.
unit = format eq "svg" ? 13 : format eq "png" ? 19.5 : 7.5
across = width eq "single" ? 245 / 7.5 : width eq "double" ? 497 / 7.5 : 74
axes_height = 20
usual_height = 20
left_margin = 7.6
right_margin = 1.2
title_height = 2.3
axis_height = 4.3
key_line = 1.65
body = "DejaVu Sans,".(format eq "svg" || format eq "png" ? sprintf("%g", unit) : "7.5")

singles(n) = n > 1 ? singles(n - 1)." 1" : "1"
total(list, n) = n < 1 ? 0 : total(list, n - 1) + word(list, n)
all(list) = total(list, words(list))
row_of(i) = int(1 + sum [r=1:words(rows)] (i > total(rows, r)))
place_of(i) = i - total(rows, row_of(i) - 1)
key_rows(i) = ceil(1.0 * word(entries, i) / word(key_columns, i))
row_keys(r) = keys_up_to(total(rows, r - 1) + 1, total(rows, r))
keys_up_to(a, b) = a > b ? 0 : larger(key_rows(a), keys_up_to(a + 1, b))
# gnuplot breaks a key that is higher than its panel.
most_keys(r) = r > words(rows) ? 0 : larger(row_keys(r), most_keys(r + 1))
row_height(r) = title_height + axes_height + axis_height + key_line * row_keys(r) + 0.5
above(r) = r < 2 ? 0 : above(r - 1) + row_height(r - 1)
x_left(i) = (left_margin + (place_of(i) - 1) * across / word(rows, row_of(i))) / across
x_right(i) = (place_of(i) * across / word(rows, row_of(i)) - right_margin) / across
y_top(i) = 1 - (above(row_of(i)) + title_height) / height
y_bottom(i) = 1 - (above(row_of(i)) + title_height + axes_height) / height
y_key(i) = y_bottom(i) - axis_height / height

terminal = format eq "svg" ? "svg dynamic enhanced size across * unit, height * unit" : \
    format eq "png" ? "pngcairo enhanced pointscale 1.4 size across * unit, height * unit" : \
    "pdfcairo enhanced fontscale 1 pointscale 0.7 size across * unit / 72, height * unit / 72"
figure(panels, keys, columns) = \
    "rows = width eq 'single' ? singles(all('".panels."')) : '".panels."'; ".\
    (format eq 'pdf' ? 'unit = most(rows) > 2 ? 6.3 : 7.5; across = (width eq "single" ? 245 : 497) / \
            unit; ' : ''). \
    (format eq 'pdf' ? 'body = sprintf("DejaVu Sans,%g", unit); ' : '').\
    "entries = '".keys."'; key_columns = '".columns."'; ".\
    "axes_height = larger(usual_height, 1.05 * key_line * most_keys(1)); ".\
    "height = above(words(rows) + 1); ".\
    "set terminal ".terminal." font body background rgb 'white' linewidth unit / 11.0; ".\
    "set output output; set multiplot; "
panel(i, title) = sprintf( \
    "set lmargin at screen %g; set rmargin at screen %g; set tmargin at screen %g; set bmargin at screen \
            %g; ", \
    x_left(i), x_right(i), y_top(i), y_bottom(i)).\
    sprintf("set key at screen %g, screen %g left top Left reverse vertical maxrows %d noautotitle \
            noopaque; ", \
    x_left(i) - 1.0 / across, y_key(i), larger(1, key_rows(i))).\
    sprintf("numbers_across = %g; ", (x_right(i) - x_left(i)) * across / 4.5).\
    "set title; set label 999 '{/:Bold (".("abcdefghij"[i:i]).")} ".title."' at graph 0, graph 1 left ".\
    "offset 0, char 0.75; "
finish = "unset multiplot"

# A scale of colours below the panel, for maps of a probability.
bar = "set colorbox horizontal user origin graph 0, graph -0.3 size graph 1, graph 0.05; set cbtics 0.5"

set grid linestyle 200
set border 3 linestyle 201
set tics nomirror textcolor rgb "#30353b"
set xlabel offset 0, 0.35
set ylabel offset 0.5, 0
set key samplen 2.2 spacing 1.0
set samples 120
set errorbars 0.5
set pointintervalbox 0
