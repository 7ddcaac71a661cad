# Predicted band along a circle, quantiles of whitened contrasts, deviations against 1/m.
law = "soft"
law_title = "the law"
band_title = sprintf("'soft targets, ε = %s'", short(claim_epsilon))
output_title = "contrast (f_1 − f_2)/√2"
test_title = "whitened contrasts"
plain = ""
mixture = control("dependent-parameters", "quantiles")
mixture_law = law
mixture_title = "dependent"
load ensemble
