# Eigenvalues of random kernel matrices over those of the sphere, and their spread.
values = joined("eigenvalues")
spread = joined("spread")
stretched = control("stretched", "spread")
eval list("sizes", "spread", 'strcol("points")')
fewest = first(sizes); most = last(sizes)
eval span("index", "values", 'col("index")')
eval span("ratio", "values", 'col("ratio")')
eval span("low", "spread", 'col("low")')
eval span("high", "stretched", 'col("high")')

# The clusters: degree k has 2k + 1 eigenvalues, of odd degrees only the first is not zero.
degrees = ""; ends = ""
end = 0; k = 0
while (end < index_high) {
    end = end + 2 * k + 1
    degrees = degrees.k." "; ends = ends.end." "
    k = k < 2 ? k + 1 : k + 2
}
start(c) = c > 1 ? word(ends, c - 1) + 0 : 0

eval figure("2", sprintf("%d 3", words(sizes) > 1 ? 3 : 2), "1 1")
eval panel(1, "eigenvalues of one draw")
eval linear_axis("x", index_low, index_high)
eval linear_axis("y", 0, ratio_high)
set grid noxtics
set xtics ("" 0)
set for [c=1:words(degrees)] xtics add (word(degrees, c) (start(c) + word(ends, c) + 1) / 2.0)
set for [c=1:words(degrees)] arrow from word(ends, c) + 0.5, graph 0 to word(ends, c) + 0.5, graph 1 \
        nohead ls 200
set xlabel "degree of the cluster"
set ylabel "eigenvalue of K/n over μ_k"
plot 1 with lines ls 100 title "as on the sphere", \
    values using (when(has("points", fewest), col("index"))):(col("ratio")) with points ls 2 \
        title sprintf("n = %s", fewest), \
    values using (when(has("points", most) && most ne fewest, col("index"))):(col("ratio")) with points ls 1 \
        title sprintf("n = %s", most)

unset arrow
set grid xtics
eval panel(2, "over all draws")
eval width_axis(sizes)
eval log_axis("y", low_low, high_high)
set xlabel "points n"
set ylabel "root mean square deviation"
plot spread using (col("points")):(col("mean") / col("over-theory")) with lines ls 100 title "theory", \
    spread using (col("points")):(col("mean")):(col("low")):(col("high")) with yerrorbars ls 1 \
        title "uniform points, interval over draws", \
    stretched using (col("points")):(col("mean")):(col("low")):(col("high")) with yerrorbars ls 90 \
            dashtype 1 \
        title "control: points flattened by ".short(stretched_stretch)
eval finish
