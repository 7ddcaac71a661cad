# Predicted bands along a circle, quantiles of whitened outputs, deviations against 1/m.
law = "interpolating ridge"
law_title = "the law"
band_title = sprintf("'trained networks, λ = %s' 'trained with L2, λ = %s'", \
    short(number(first(claim_lambdas))), short(number(last(claim_lambdas))))
output_title = "output"
test_title = sprintf("whitened outputs at test points, λ = %s", short(number(first(claim_lambdas))))
plain = ""
mixture = control("dependent-parameters", "quantiles")
mixture_law = last(law)
mixture_title = sprintf("dependent parameters, λ = %s", short(number(last(claim_lambdas))))
load ensemble
