# Top: maps of the probability of the second class. Bottom: the same probabilities against the
# posterior's; reliability on digits; networks against the solutions they should reach.
map = joined("map")
points = joined("points")
reliability = joined("reliability-digits")
gaps = joined("gaps")
wrong = control("wrong-lambda", "gaps")
eval list("widths", "gaps", 'strcol("width")')
eval list("wrong_widths", "wrong", 'strcol("width")')
eval span("edge", "map", 'col("x")')
eval span("route", "map", 'smaller(col("mode"), smaller(col("laplace"), col("ensemble")))')
eval span("upper", "map", 'larger(col("mode"), larger(col("laplace"), col("ensemble")))')
eval span("posterior", "map", 'col("posterior")')
eval span("gap", "gaps", 'when(col("gap") > 0, col("gap"))')
eval span("wrong", "wrong", 'col("gap")')
eval span("end", "gaps", 'when(has("width", last(widths)), log(col("gap")))')
digits = claim_digit_points > 0
# Bins of few images say nothing: those that hold a fiftieth of them are drawn.
every_ = int(0.02 * claim_digit_tests)
if (digits) { eval span("sure", "reliability", 'when(col("count") > every_, smaller(col("confidence"), \
        col("accuracy")))') }
bin(route) = has("route", route) && col("count") > every_ ? col("confidence") : NaN
routes = "ensemble laplace mode"
titles = "'ensemble' 'Laplace' 'single solution'"
many = ceil(sqrt(thinned(claim_grid**2)))   # one map point in so many, each way, is enough for a cloud

maps = "posterior networks laplace mode"
names = sprintf("'posterior, sampled' 'networks, m = %s' 'Laplace' 'single, f_0 = 0'", last(widths))
eval figure("4 3", "2 0 0 4 4 5 4", "1 1 1 1 1 1 1")
set palette defined (0 "#0072b2", 0.5 "#ffffff", 1 "#d55e00") maxcolors 20
set cbrange [0:1]
do for [i=1:words(maps)] {
    eval panel(i, word(names, i))
    eval linear_axis("x", -edge_high, edge_high)
    eval linear_axis("y", -edge_high, edge_high)
    set xrange [-edge_high : edge_high]
    set yrange [-edge_high : edge_high]
    set xlabel "x_1"
    set ylabel i == 1 ? "x_2" : ""
    unset grid
    unset colorbox
    if (i == words(maps)) { eval bar; set cblabel "class 2" }
    plot map using (col("x")):(col("y")):(col(word(maps, i))) with image, \
        points using (when(has("label", "0"), col("x"))):(col("y")) with points ls 7 pt 7 ps 0.9 lc rgb \
                "#003f66" \
            title (i == 1 ? "data, class 1" : ""), \
        points using (when(has("label", "1"), col("x"))):(col("y")) with points ls 7 pt 5 ps 0.9 lc rgb \
                "#7a3500" \
            title (i == 1 ? "data, class 2" : "")
}
unset colorbox
set grid linestyle 200

eval panel(5, "plane: each new point")
eval linear_axis("x", posterior_low, posterior_high)
eval linear_axis("y", route_low, upper_high)
set xlabel "probability of class 2, posterior"
set ylabel "another route"
plot x with lines ls 100 title "agreement", \
    for [i=words(routes):1:-1] map using (col("posterior")):(col(word(routes, i))) every many with points \
            ls i pt 7 ps 0.4 \
        title word(titles, i)

eval panel(6, digits ? sprintf("digits %s", dashes(claim_digits)) : "no digits")
eval linear_axis("x", digits ? sure_low : 0, 1)
eval linear_axis("y", digits ? sure_low : 0, 1)
set xlabel "probability of class predicted"
set ylabel "part predicted correctly"
plot x with lines ls 100 title "calibrated", \
    digits ? reliability : map using (digits ? bin("posterior") : NaN):(digits ? col("accuracy") : NaN) \
        with linespoints ls 7 title "posterior", \
    for [i=1:words(routes)] digits ? reliability : map using (digits ? bin(word(routes, i)) : NaN):\
        (digits ? col("accuracy") : NaN) with linespoints ls i title word(titles, i)

# smooth unique: the mean over networks.
eval panel(7, "gap to the solution")
eval width_axis(widths." ".wrong_widths)
eval log_axis("y", gap_low, larger(gap_high, wrong_high))
set ylabel "relative gap"
plot gaps using (col("width")):(col("gap")) with points ls 1 pt 7 ps 0.25 title "networks", \
    gaps using (col("width")):(col("gap")) smooth unique with linespoints ls 1 title "their mean", \
    wrong using (col("width")):(col("gap")) smooth unique with linespoints ls 90 \
        title sprintf("control: %s λ", short(wrong_lambda_lambda_factor)), \
    exp(end_mean) * aside * (x / last(widths))**-0.5 with lines ls 100 title "m^{−1/2}"
eval finish
