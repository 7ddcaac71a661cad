/* Convolutional architectures: their text, their grids, what is refused. */
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/architecture.h>

#include "architecture/geometry.h"
#include "status.h"

static ntk_architecture base(void) {
    ntk_architecture a = ntk_architecture_default();
    a.family = NTK_CONVOLUTIONAL;
    a.convolution.height = a.convolution.width = 28;
    a.convolution.channels = 1;
    return a;
}

static void expect_text(const char *text, const char *canonical) {
    ntk_architecture a = base();
    char printed[256];
    assert_ok(ntk_architecture_parse_layers(text, &a));
    cr_expect_eq(ntk_architecture_print_layers(&a, sizeof printed, printed), strlen(canonical));
    cr_expect_str_eq(printed, canonical);
}

Test(convolutional, layers_read_and_printed) {
    expect_text("conv 3", "conv 3 stride 1 zero mean");
    expect_text("conv 3 stride 1 zero mean, pool gauss 2", "conv 3 stride 1 zero mean, pool gauss 2");
    expect_text("  conv 5 sum circular stride 2 ,conv 1,pool box 3 ",
                "conv 5 stride 2 circular sum, conv 1 stride 1 zero mean, pool box 3");
    expect_text("conv 2, pool gauss-same 2, conv 2, pool gauss-circular 4",
                "conv 2 stride 1 zero mean, pool gauss-same 2, conv 2 stride 1 zero mean, pool "
                "gauss-circular 4");
}

Test(convolutional, printing_is_cut_like_snprintf) {
    ntk_architecture a = base();
    char text[8] = "xxxxxxx";
    assert_ok(ntk_architecture_parse_layers("conv 3, conv 3", &a));
    cr_expect_eq(ntk_architecture_print_layers(&a, 0, NULL), strlen("conv 3 stride 1 zero mean") * 2 + 2);
    ntk_architecture_print_layers(&a, sizeof text, text);
    cr_expect_str_eq(text, "conv 3 ");
}

Test(convolutional, wrong_layers) {
    static const char *const wrong[][2] = {
        {"", "item 1, '': nothing stands there"},
        {"conv 3,", "item 2, '': nothing stands there"},
        {"conv", "item 1, 'conv': the patch size is missing"},
        {"conv x", "the patch size is an integer from 1 to 32767, not 'x'"},
        {"conv 0", "not '0'"},
        {"conv -3", "not '-3'"},
        {"conv 3.5", "not '3.5'"},
        {"conv 99999999999999999999", "not '99999999999999999999'"},
        {"conv 3 stride", "the stride is missing"},
        {"conv 3 pad zero", "'pad' is none of the words behind a patch size"},
        {"conv 3 zero circular", "'circular' comes after another word for the same"},
        {"conv 3 stride 1 stride 2", "'stride' comes after"},
        {"pool box 2", "item 1, 'pool box 2': a pooling needs a convolution before it"},
        {"conv 3, pool 2", "no pooling is called '2'"},
        {"conv 3, pool gaus 2",
         "no pooling is called 'gaus'; there are box, gauss, gauss-same, gauss-circular"},
        {"conv 3, pool none 2", "no pooling is called 'none'"},
        {"conv 3, pool", "the kind of pooling is missing"},
        {"conv 3, pool box", "the factor is missing"},
        {"conv 3, pool box 2 zero", "'zero' follows the factor"},
        {"conv 3, pool box 2, pool box 2", "item 3, 'pool box 2': a second pooling"},
        {"dense 3", "an item begins with conv or pool, not with 'dense'"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ntk_architecture a = base();
        a.depth = 7;
        assert_fails(ntk_architecture_parse_layers(wrong[i][0], &a), NTK_ERROR_ARGUMENT, wrong[i][1]);
        cr_expect_eq(a.depth, 7, "'%s' changed the depth", wrong[i][0]);
    }
    char many[65 * 8] = "conv 3";
    for (size_t l = 1; l < 65; l++) strcat(many, ",conv 3");
    ntk_architecture a = base();
    assert_fails(ntk_architecture_parse_layers(many, &a), NTK_ERROR_ARGUMENT, "more than 64 convolutions");
}

Test(convolutional, images) {
    ntk_architecture a = base();
    assert_ok(ntk_architecture_parse_image("32x20x3", &a));
    cr_expect(a.convolution.height == 32 && a.convolution.width == 20 && a.convolution.channels == 3);
    assert_ok(ntk_architecture_parse_image("1x7", &a));
    cr_expect(a.convolution.height == 1 && a.convolution.width == 7 && a.convolution.channels == 1);
    static const char *const wrong[] = {"",          "28",  "28x",     "x28",    "28x28x",
                                        "28x28x1x1", "0x3", "28x28xa", "28 x 28"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(ntk_architecture_parse_image(wrong[i], &a), NTK_ERROR_ARGUMENT, "28x28x1 say");
}

static void expect_grid(const char *layers, size_t height, size_t width, size_t want_height,
                        size_t want_width) {
    ntk_architecture a;
    assert_ok(ntk_architecture_convolutional(height, width, 1, layers, &a));
    size_t h = 0, w = 0;
    ntk_architecture_grid(&a, a.depth, &h, &w);
    cr_expect(h == want_height && w == want_width, "%s: %zu x %zu", layers, h, w);
    ntk_architecture_grid(&a, 0, &h, &w);
    cr_expect(h == height && w == width);
}

Test(convolutional, grids) {
    expect_grid("conv 3, pool gauss 2, conv 3, pool gauss 5", 28, 28, 1, 1);
    expect_grid("conv 3, pool gauss 2", 28, 28, 13, 13);
    expect_grid("conv 3 stride 2", 7, 8, 4, 4);
    expect_grid("conv 3, pool box 2", 7, 1, 3, 1); /* an axis of one position is not pooled */
    expect_grid("conv 3, pool gauss-same 2", 7, 6, 4, 3);
}

Test(convolutional, refused) {
    ntk_architecture a;
    assert_fails(ntk_architecture_convolutional(7, 7, 1, "conv 3, pool gauss 4", &a), NTK_ERROR_ARGUMENT,
                 "layer 1: pooling by 4 leaves nothing of 7 positions; it needs 8");
    assert_fails(ntk_architecture_convolutional(0, 7, 1, "conv 3", &a), NTK_ERROR_ARGUMENT, "height is 0");
    assert_fails(ntk_architecture_convolutional(7, 7, 40000, "conv 3", &a), NTK_ERROR_ARGUMENT,
                 "channels is 40000");
    assert_ok(ntk_architecture_convolutional(7, 7, 1, "conv 3", &a));
    a.convolution.first_weight_variance = -1;
    assert_fails(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT, "first_weight_variance");
    a.convolution.first_weight_variance = 0;
    a.convolution.layer[0].stride = 0;
    assert_fails(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT, "stride");
    a.convolution.layer[0].stride = 1;
    a.convolution.readout = (ntk_readout)2;
    assert_fails(ntk_architecture_check(&a), NTK_ERROR_ARGUMENT, "readout");
}

static void expect_sources(unsigned patch, ntk_padding padding, size_t in, size_t u, const ptrdiff_t *want) {
    const ntk_convolution_layer layer = {.patch = patch, .stride = 2, .padding = padding};
    const ntk_image_axis axis = ntk_image_axis_create(&layer, in);
    cr_assert_eq(axis.patch, in > 1 ? patch : 1);
    for (size_t k = 0; k < axis.patch; k++) {
        const ptrdiff_t found = ntk_image_axis_source(&axis, u, k);
        cr_expect_eq(found, want[k], "patch %u, output %zu, offset %zu: %td", patch, u, k, found);
    }
}

/* What a patch sees, counted by hand on five positions at stride 2: the offsets of 2 are 0, 1,
 * those
 * of 3 are -1 .. 1, those of 4 are -1 .. 2. Kernel and network share this, so that no comparison of
 * one with the other can tell. */
Test(convolutional, patches_of_even_size_reach_further_ahead) {
    const ptrdiff_t two[3][2] = {{0, 1}, {2, 3}, {4, -1}};
    const ptrdiff_t two_around[2] = {4, 0};
    const ptrdiff_t three[3][3] = {{-1, 0, 1}, {1, 2, 3}, {3, 4, -1}};
    const ptrdiff_t four[3][4] = {{-1, 0, 1, 2}, {1, 2, 3, 4}, {3, 4, -1, -1}};
    const ptrdiff_t four_around[3][4] = {{4, 0, 1, 2}, {1, 2, 3, 4}, {3, 4, 0, 1}};
    for (size_t u = 0; u < 3; u++) {
        expect_sources(2, NTK_PADDING_ZERO, 5, u, two[u]);
        expect_sources(3, NTK_PADDING_ZERO, 5, u, three[u]);
        expect_sources(4, NTK_PADDING_ZERO, 5, u, four[u]);
        expect_sources(4, NTK_PADDING_CIRCULAR, 5, u, four_around[u]);
    }
    expect_sources(2, NTK_PADDING_CIRCULAR, 5, 2, two_around);
    /* one position sees itself */
    expect_sources(4, NTK_PADDING_CIRCULAR, 1, 0, (const ptrdiff_t[]){0});
}

/* Weights by hand: e^{-1} / (1 + 2 e^{-1} + 2 e^{-1/4}) at the ends of a filter of factor 2, ... */
Test(convolutional, gaussian_filter) {
    const ntk_convolution_layer layer = {
        .patch = 3, .stride = 1, .pooling = NTK_POOLING_GAUSS_CIRCULAR, .factor = 2};
    const ntk_image_axis axis = ntk_image_axis_create(&layer, 4);
    size_t position[5];
    double weight[5];
    cr_assert_eq(ntk_image_axis_taps(&axis, 0, position, weight), 5);
    const size_t want[5] = {2, 3, 0, 1, 2}; /* the filter is longer than the axis: position 2
                                             * twice */
    for (size_t k = 0; k < 5; k++) cr_expect_eq(position[k], want[k]);
    const double sum = 1 + 2 * 0.36787944117144233 + 2 * 0.77880078307140488;
    const double by_hand[5] = {0.36787944117144233 / sum, 0.77880078307140488 / sum, 1 / sum,
                               0.77880078307140488 / sum, 0.36787944117144233 / sum};
    for (size_t k = 0; k < 5; k++)
        cr_expect(weight[k] - by_hand[k] <= 1e-16 && by_hand[k] - weight[k] <= 1e-16);
}
