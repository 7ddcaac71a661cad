#include <ntk/architecture.h>

#include "architecture/geometry.h"

ntk_status ntk_architecture_convolutional(size_t height, size_t width, size_t channels, const char *layers,
                                          ntk_architecture *out) {
    ntk_architecture architecture = ntk_architecture_default();
    architecture.family = NTK_CONVOLUTIONAL;
    architecture.convolution.height = height;
    architecture.convolution.width = width;
    architecture.convolution.channels = channels;
    NTK_TRY(ntk_architecture_parse_layers(layers, &architecture));
    NTK_TRY(ntk_architecture_check(&architecture));
    *out = architecture;
    return NTK_OK;
}

void ntk_architecture_grid(const ntk_architecture *architecture, size_t layers, size_t *height,
                           size_t *width) {
    *height = architecture->convolution.height;
    *width = architecture->convolution.width;
    if (layers == 0) return;
    ntk_image_axis vertical, horizontal;
    ntk_image_axes(architecture, layers - 1, &vertical, &horizontal);
    *height = vertical.pooled;
    *width = horizontal.pooled;
}
