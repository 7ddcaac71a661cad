# Proved errors of kernel entries beside the bounds that are stated for them.
errors = joined("errors")
eval list("networks", "errors", 'strcol("network")')
eval span("e", "errors", 'col("error")')
eval span("b", "errors", 'col("bound")')
spelt(name) = name[1:5] eq "conv-" ? "conv. ".named(name[6:]) : \
    name[1:5] eq "leaky" ? "leaky ReLU" : \
    name eq "default-residual" ? "def. res." : name eq "default-conv" ? "def. conv." : named(name)
place(name) = sum [i=1:words(networks)] (word(networks, i) eq name ? i : 0)
aside_of(setting) = setting eq "plain" ? -step : step
step = 0.15
room = 0.6
at(setting) = when(has("setting", setting), place(strcol("network")) + aside_of(setting))

eval figure("1", "6", "2")
eval panel(1, "entries of both kernels")
set xrange [1 - room : words(networks) + room]
eval log_axis("y", e_low, b_high)
set xtics rotate by 35 right ("" 1)
set for [i=1:words(networks)] xtics add (spelt(word(networks, i)) i)
set ylabel "relative to √(K(x, x) K(x\', x\'))"
plot @nothing " ", \
    errors using (at("plain")):(col("bound")) with points ls 100 pt 1 title "stated bound, no biases", \
    errors using (at("biased")):(col("bound")) with points ls 100 pt 2 title "stated bound, biases", \
    @nothing " ", \
    errors using (at("plain")):(col("error")) with points ls 1 title "largest proved error, no biases", \
    errors using (at("biased")):(col("error")) with points ls 2 title "largest proved error, biases"
eval finish
