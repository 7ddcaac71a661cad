#include <fenv.h>
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>

#include "status.h"

Test(architecture, default_is_valid_and_as_documented) {
    const ntk_architecture a = ntk_architecture_default();
    assert_ok(ntk_architecture_check(&a));
    cr_assert_eq(a.family, NTK_DENSE);
    cr_assert_eq(a.depth, 1);
    cr_assert_eq(a.activation, NTK_RELU);
    cr_assert_eq(a.weight_variance, 2.0);
    cr_assert_eq(a.bias_variance, 0.0);
    cr_assert_eq(a.residual_scale, 1.0);
    cr_assert_eq(a.input_scale, NTK_INPUT_SCALE_DIMENSION);
    cr_assert_eq(a.parametrisation, NTK_PARAMETRISATION_NTK);
}

static void expect_refused(const ntk_architecture *a, const char *field) {
    assert_fails(ntk_architecture_check(a), NTK_ERROR_ARGUMENT, field);
}

Test(architecture, depth_limits) {
    ntk_architecture a = ntk_architecture_default();
    a.depth = 0;
    assert_ok(ntk_architecture_check(&a));
    a.depth = NTK_DEPTH_MAX + 1;
    expect_refused(&a, "depth");
    a.depth = NTK_DEPTH_MAX;
    assert_ok(ntk_architecture_check(&a));
    a.family = NTK_RESIDUAL;
    assert_ok(ntk_architecture_check(&a));
    a.depth = 0;
    expect_refused(&a, "depth");
    a.family = NTK_CONVOLUTIONAL;
    a.depth = NTK_CONVOLUTION_DEPTH_MAX + 1;
    expect_refused(&a, "depth");
}

Test(architecture, variances) {
    const double bad_weight[] = {0, -0.0, -1, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof bad_weight / sizeof *bad_weight; i++) {
        ntk_architecture a = ntk_architecture_default();
        a.weight_variance = bad_weight[i];
        expect_refused(&a, "weight_variance");
    }
    const double bad_bias[] = {-1e-300, NAN, INFINITY};
    for (size_t i = 0; i < sizeof bad_bias / sizeof *bad_bias; i++) {
        ntk_architecture a = ntk_architecture_default();
        a.bias_variance = bad_bias[i];
        expect_refused(&a, "bias_variance");
    }
    ntk_architecture a = ntk_architecture_default();
    a.bias_variance = 0.1;
    assert_ok(ntk_architecture_check(&a));
}

Test(architecture, variances_of_each_layer) {
    double weight[] = {1, 4, 9}, bias[] = {0.5, 0, 0.25};
    ntk_architecture a = ntk_architecture_default();
    a.depth = 2;
    a.weight_variances = weight;
    a.bias_variances = bias;
    a.weight_variance = a.bias_variance = NAN; /* not looked at */
    assert_ok(ntk_architecture_check(&a));
    for (size_t l = 1; l <= 3; l++) {
        cr_expect_eq(ntk_architecture_weight_variance(&a, l), weight[l - 1]);
        cr_expect_eq(ntk_architecture_bias_variance(&a, l), bias[l - 1]);
    }
    weight[2] = 0;
    assert_fails(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT, "weight_variances: that of layer 3 is 0");
    weight[2] = 9;
    bias[0] = -1;
    assert_fails(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT, "bias_variances: that of layer 1 is -1");
    a = ntk_architecture_default();
    a.family = NTK_RESIDUAL;
    a.bias_variances = bias;
    assert_fails(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT, "bias_variances belong to dense networks");
}

Test(architecture, variances_and_their_text_are_inverse) {
    double out[NTK_DEPTH_MAX + 1];
    size_t count = 0;
    assert_ok(ntk_architecture_parse_variances("1,4.5,0.1", out, &count));
    cr_assert_eq(count, 3);
    cr_expect(out[0] == 1 && out[1] == 4.5 && out[2] == 0.1);
    /* What is written means the same under every rounding. */
    double up[NTK_DEPTH_MAX + 1];
    fesetround(FE_UPWARD);
    const ntk_status status = ntk_architecture_parse_variances("0.7,0.1", up, &count);
    fesetround(FE_TONEAREST);
    assert_ok(status);
    cr_expect(up[0] == 0.7 && up[1] == 0.1);
    count = 3;
    char text[64], cut[6];
    const size_t length = ntk_architecture_print_variances(count, out, sizeof text, text);
    cr_expect_str_eq(text, "1,4.5,0.10000000000000001");
    cr_expect_eq(length, strlen(text));
    cr_expect_eq(ntk_architecture_print_variances(count, out, sizeof cut, cut), length);
    cr_expect_str_eq(cut, "1,4.5");
    const char *const bad[] = {"", "1,", ",1", "1,,2", "1 2", "1,x", "inf", "1,nan"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        count = 7;
        assert_fails(ntk_architecture_parse_variances(bad[i], out, &count), NTK_ERROR_ARGUMENT,
                     "should be a finite number");
        cr_expect_eq(count, 7);
    }
    static char many[2 * (NTK_DEPTH_MAX + 2)];
    for (size_t i = 0; i < NTK_DEPTH_MAX + 2; i++) memcpy(many + 2 * i, "1,", 2);
    many[2 * (NTK_DEPTH_MAX + 2) - 1] = '\0';
    assert_fails(ntk_architecture_parse_variances(many, out, &count), NTK_ERROR_ARGUMENT, "more than 257");
    many[2 * (NTK_DEPTH_MAX + 1) - 1] = '\0';
    assert_ok(ntk_architecture_parse_variances(many, out, &count));
    cr_expect_eq(count, NTK_DEPTH_MAX + 1);
}

static ntk_architecture residual(void) {
    ntk_architecture a = ntk_architecture_default();
    a.family = NTK_RESIDUAL;
    return a;
}

Test(architecture, residual_scale) {
    ntk_architecture a = residual();
    const double good[] = {0, 1e-9, 1, 1e9}, bad[] = {-1e-9, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        a.residual_scale = good[i];
        assert_ok(ntk_architecture_check(&a));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a.residual_scale = bad[i];
        expect_refused(&a, "residual_scale");
    }
}

Test(architecture, residual_networks_have_one_variance_of_each_kind_and_blocks) {
    ntk_architecture a = residual();
    a.activation = NTK_ERF;
    a.weight_variance = 1;
    a.bias_variance = 0.1;
    assert_ok(ntk_architecture_check(&a));
    a.depth = 0;
    expect_refused(&a, "depth");
}

Test(architecture, biases_that_begin_at_0_belong_to_residual_networks) {
    ntk_architecture a = residual();
    a.bias_start = NTK_BIAS_START_ZERO;
    assert_ok(ntk_architecture_check(&a));
    a.family = NTK_DENSE;
    expect_refused(&a, "begin at 0");
    a = residual();
    a.bias_start = (ntk_bias_start)2;
    expect_refused(&a, "bias_start");
}

Test(architecture, dense_networks_have_no_residual_scale) {
    ntk_architecture a = ntk_architecture_default();
    a.residual_scale = NAN; /* not read */
    assert_ok(ntk_architecture_check(&a));
}

Test(architecture, values_outside_an_enumeration) {
    ntk_architecture a = ntk_architecture_default();
    a.activation = NTK_ACTIVATION_COUNT;
    expect_refused(&a, "activation");
    a = ntk_architecture_default();
    a.input_scale = (ntk_input_scale)2;
    expect_refused(&a, "input_scale");
    a = ntk_architecture_default();
    a.parametrisation = (ntk_parametrisation)2;
    expect_refused(&a, "parametrisation");
    a = ntk_architecture_default();
    a.family = (ntk_family)7;
    expect_refused(&a, "family");
}

Test(architecture, names_and_parse_are_inverse) {
    for (size_t i = 0; i < NTK_ACTIVATION_COUNT; i++) {
        ntk_activation parsed = NTK_ACTIVATION_COUNT;
        assert_ok(ntk_activation_parse(ntk_activation_name((ntk_activation)i), &parsed));
        cr_assert_eq((size_t)parsed, i);
    }
    cr_assert_str_eq(ntk_activation_name(NTK_GELU), "gelu");
    cr_assert_str_eq(ntk_activation_name(NTK_ACTIVATION_COUNT), "unknown");
}

Test(architecture, unknown_names_are_refused_with_the_list) {
    const char *const names[] = {"", "Relu", "relu ", "unknown", "gel"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ntk_activation parsed = NTK_LINEAR;
        cr_assert_eq(ntk_activation_parse(names[i], &parsed), NTK_ERROR_ARGUMENT, "'%s'", names[i]);
        cr_assert_eq(parsed, NTK_LINEAR, "the output of a failed parse was touched");
        for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
            assert_says(ntk_activation_name((ntk_activation)k));
        }
    }
}

Test(architecture, only_relu_and_its_like_have_a_kink) {
    for (size_t i = 0; i < NTK_ACTIVATION_COUNT; i++) {
        cr_assert_eq(ntk_activation_is_smooth((ntk_activation)i),
                     i != NTK_RELU && i != NTK_LEAKY_RELU && i != NTK_ABS);
    }
    cr_assert_not(ntk_activation_is_smooth(NTK_ACTIVATION_COUNT));
}

Test(architecture, names_and_parse_of_architectures_are_inverse) {
    for (size_t family = 0; family < 2; family++)
        for (size_t i = 0; i < NTK_ACTIVATION_COUNT; i++)
            for (size_t depth = 0; depth <= NTK_DEPTH_MAX; depth++) {
                ntk_architecture given = ntk_architecture_default(), parsed = given;
                given.family = family == 0 ? NTK_DENSE : NTK_RESIDUAL;
                given.activation = (ntk_activation)i;
                given.depth = depth;
                char name[NTK_ARCHITECTURE_NAME_SIZE];
                assert_ok(ntk_architecture_parse(ntk_architecture_name(&given, name), &parsed, NULL));
                cr_assert_eq(memcmp(&parsed, &given, sizeof given), 0, "%s", name);
            }
}

Test(architecture, a_name_ends_where_its_architecture_does) {
    ntk_architecture parsed = ntk_architecture_default();
    const char *rest = NULL;
    assert_ok(ntk_architecture_parse("erf-3-k3-l2", &parsed, &rest));
    cr_expect_str_eq(rest, "-k3-l2");
    cr_expect(parsed.activation == NTK_ERF && parsed.depth == 3);
    assert_ok(ntk_architecture_parse("leaky-relu-3-l2", &parsed, &rest));
    cr_expect_str_eq(rest, "-l2");
    cr_expect(parsed.activation == NTK_LEAKY_RELU && parsed.depth == 3);
    assert_ok(ntk_architecture_parse("residual-leaky-relu-2-k3", &parsed, &rest));
    cr_expect_str_eq(rest, "-k3");
    cr_expect(parsed.family == NTK_RESIDUAL && parsed.activation == NTK_LEAKY_RELU && parsed.depth == 2);
    assert_ok(ntk_architecture_parse("residual-soft", &parsed, &rest));
    cr_expect_str_eq(rest, "-soft");
    cr_expect(parsed.family == NTK_RESIDUAL && parsed.activation == NTK_RELU && parsed.depth == 0);
    assert_fails(ntk_architecture_parse("leaky-rule-3", &parsed, NULL), NTK_ERROR_ARGUMENT, "no activation");
    parsed.activation = NTK_SIN;
    assert_fails(ntk_architecture_parse("erf-3-k3", &parsed, NULL), NTK_ERROR_ARGUMENT,
                 "'erf-3-k3': 'k3' should be the depth, or nothing");
    assert_fails(ntk_architecture_parse("erf-0", &parsed, NULL), NTK_ERROR_ARGUMENT,
                 "'erf-0': the depth should be 1 to 256");
    assert_fails(ntk_architecture_parse("erf-257", &parsed, NULL), NTK_ERROR_ARGUMENT,
                 "'erf-257': the depth should be 1 to 256");
    assert_fails(ntk_architecture_parse("erg-3", &parsed, NULL), NTK_ERROR_ARGUMENT, "did you mean 'erf'?");
    cr_expect_eq(parsed.activation, NTK_SIN, "the output of a failed parse was touched");
}
