# Predicted band along a circle, quantiles of whitened outputs, deviations against 1/m.
law = "posterior"
law_title = "the posterior"
band_title = sprintf("'samples, λ = %s'", short(claim_lambda))
output_title = "output"
test_title = "whitened outputs"
plain = control("unperturbed", "circle")
mixture = control("unperturbed", "quantiles")
mixture_law = law
mixture_title = "no noise"
load ensemble
