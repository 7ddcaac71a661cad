# Mean relative distances against the strength of deformations, one panel a kernel.
distances = joined("distances")
of(kind, value) = has("kind", kind) ? value : NaN
eval span("alpha", "distances", 'of("deformed", col("strength"))')
eval span("near", "distances", 'of("deformed", col("ckn"))')
eval span("far", "distances", 'of("any", col("ntk"))')
kernels = "ckn ntk"
names = "CKN NTK"

eval figure("2", "4 4", "1 1")
do for [k=1:2] {
    kernel = word(kernels, k)
    eval span("same", "distances", 'of("same", col(kernel))')
    eval span("any", "distances", 'of("any", col(kernel))')
    eval panel(k, word(names, k))
    eval log_axis("x", alpha_low, alpha_high)
    eval log_axis("y", near_low, far_high)
    set xlabel "strength of the deformation α"
    set ylabel k == 1 ? "mean ‖Φ(x') − Φ(x)‖ / ‖Φ(x)‖" : ""
    plot any_mean with lines ls 3 title "any label", \
        same_mean with lines ls 4 title "same label", \
        distances using (of("moved", col("strength"))):(col(kernel)) with linespoints ls 2 \
            title "deformed and translated", \
        distances using (of("deformed", col("strength"))):(col(kernel)) with linespoints ls 1 \
            title "deformed"
}
eval finish
