/* Planted errors: what a wrong implementation would have computed, put in the place of what was
 * computed, so that a check can be seen to notice it.
 *
 * An experiment lists the kinds that it knows among its parameters,
 *
 *     static const ntk_parameter parameters[] = {
 *         NTK_PLANTS("lambda|targets"),
 *         {0},
 *     };
 *
 * and applies each behind the computation that it stands for, so that the code under test does not
 * see it. A control sets `plant` and `plant-size`, its twin plant-size: 0. The size is as small as
 * the check can tell: beside a coarse control, which shows that a check can break, this one says
 * how small an error it sees. */
#ifndef NTK_LAB_PLANT_H
#define NTK_LAB_PLANT_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/lab/context.h>
#include <ntk/lab/parameters.h>

NTK_BEGIN_DECLS

/* The kinds, spelt as the names in brackets. s is the size. */
typedef enum ntk_plant {
    NTK_PLANT_KERNEL_SCALE, /* [kernel-scale] a kernel times 1 + s: a factor that was forgotten */
    NTK_PLANT_KERNEL_ENTRY, /* [kernel-entry] its entry of points 0 and 1 is off by s sqrt(K_00
                             * K_11) */
    NTK_PLANT_KERNEL_TRACE, /* [kernel-trace] its diagonal times 1 + s, other entries as they are */
    NTK_PLANT_LAMBDA,       /* [lambda] lambda times 1 + s */
    NTK_PLANT_TARGETS,      /* [targets] the smallest probability of soft targets times 1 + s */
    NTK_PLANT_TIME,         /* [time] the pace of time times 1 + s */
    NTK_PLANT_LOSS,         /* [loss] the loss times 1 + s: of what it is the mean */
    NTK_PLANT_CONSTANT,     /* [constant] the constant of a law or bound times 1 + s */
    NTK_PLANT_KINDS
} ntk_plant;

/* "kernel-scale" and so on; NULL beyond the last. */
const char *ntk_plant_name(ntk_plant kind);

/* The two lines of a table. kinds: names as above, "lambda|targets"; any other is refused when the
 * parameter is set, with the list of these. */
#define NTK_PLANTS(kinds)                                                                                    \
    NTK_CHOICE("plant", "none", "none|" kinds, "error that is planted behind what was computed"),            \
        NTK_REAL("plant-size", 0, -0.9, 9, "its size, relative")

/* The size where this kind is planted, otherwise 0; and 1 more than that. The experiment must have
 * listed its kinds (context.h). */
double ntk_plant_size(const ntk_context *context, ntk_plant kind);
double ntk_plant_factor(const ntk_context *context, ntk_plant kind);

/* Plant an error of the kernel that is asked for, if it is one, into a Gram matrix (n, n) with
 * leading dimension ld, n at least 2. */
void ntk_plant_kernel(const ntk_context *context, size_t n, double *kernel, size_t ld);

NTK_END_DECLS

#endif
