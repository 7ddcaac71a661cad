# Means of the empirical NTK beside the kernel.
means = joined("means")
wrong = control("kernel-hardly-off", "means")
this = 'strcol("activation").",".strcol("part")'
eval list("places", "means", this)
percents(name) = hundredths * col(name)
eval span("low", "means", 'percents("low")')
eval span("high", "means", 'percents("high")')
eval span("least", "wrong", 'when(has("part", "scale"), percents("low"))')
place(name) = sum [i=1:words(places)] (word(places, i) eq name ? i : 0)
comma(name) = strstrt(name, ",")
what(part) = part eq "limit" ? "2 layers" : part eq "scale" ? "scale" : "off diagonal"
label(name) = named(name[1:comma(name) - 1])."\n".what(name[comma(name) + 1:])
beside = 0.2

eval figure("1", "3", "1")
eval panel(1, "mean of the empirical NTK, less the NTK")
set xrange [0.5 : words(places) + 0.6]
eval linear_axis("y", smaller(low_low, least_low), high_high)
set xtics ("" 1)
set for [i=1:words(places)] xtics add (label(word(places, i)) i)
set ylabel "deviation in %"
plot 0 with lines ls 100 title "exact for one layer", \
    means using (place(@this)):(percents("mean")):(percents("low")):(percents("high")) with yerrorbars ls 1 \
        title "mean, with its interval", \
    wrong using (has("part", "scale") ? place(@this) + beside : NaN):\
        (percents("mean")):(percents("low")):(percents("high")) \
        with yerrorbars ls 90 dashtype 1 title sprintf("control: kernel too large by %.1f %%", \
        hundredths * kernel_hardly_off_plant_size)
eval finish
