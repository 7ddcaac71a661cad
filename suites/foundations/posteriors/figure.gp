# Errors of the laws, relative to their size; zero stands at the lower edge.
errors = joined("errors")
wrong = control("lambda-off-by-2-percent", "errors")
eval list("laws", "errors", 'strcol("law")')
zero = 0.1 * rounding
of(name) = larger(col("error") / col("size"), zero)
place(name) = sum [i=1:words(laws)] (word(laws, i) eq name ? i : 0)
eval span("e", "errors", 'of("")')
eval span("w", "wrong", 'of("")')
room = 0.6
spelt(name) = name eq "regression-mean" ? "mean" : name eq "regression-covariance" ? "covariance" : \
    name eq "ensemble-covariance" ? "ensemble" : name eq "prior-square" ? "prior" : \
    (name[1:7] eq "laplace" ? "Laplace" : "degrees").(strstrt(name, "softmax") ? ", softmax" : ", binary")

eval figure("1", "6", "2")
eval panel(1, "Gram matrices against weight space")
set xrange [1 - room : words(laws) + room]
eval log_axis("y", zero, w_high)
set xtics rotate by 35 right ("" 1)
set for [i=1:words(laws)] xtics add (spelt(word(laws, i)) i)
set ylabel "largest error, relative"
plot @nothing " ", @nothing " ", \
    errors using (place(strcol("law"))):(of("")) with points ls 1 title "errors", \
    @nothing " ", @nothing " ", \
    wrong using (place(strcol("law"))):(of("")) with points ls 90 title "control: another λ"
eval finish
