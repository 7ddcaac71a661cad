#include "convolution_reference.h"

#include <math.h>
#include <stddef.h>

const convolution_reference convolution_references[] = {
#include "convolution_reference.inc"
    {0}};

double convolution_reference_distance(const double *reference, const double *kernel) {
    static const size_t diagonal[] = {0, 2, 5};
    double worst = 0;
    for (size_t i = 0, at = 0; i < CONVOLUTION_REFERENCE_IMAGES; i++)
        for (size_t j = 0; j <= i; j++, at++) {
            const double scale = sqrt(reference[diagonal[i]] * reference[diagonal[j]]);
            const double lower = kernel[i * CONVOLUTION_REFERENCE_IMAGES + j] - reference[at];
            const double upper = kernel[j * CONVOLUTION_REFERENCE_IMAGES + i] - reference[at];
            const double distance = fmax(fabs(lower), fabs(upper)) / scale;
            if (isnan(lower) || isnan(upper)) return INFINITY;
            if (distance > worst) worst = distance;
        }
    return worst;
}
