/* The kernels of a residual network (architecture.h) of infinite width.
 *
 * Write g^l = sqrt(2/m) W^l h^{l-1} for the pre-activations of block l, s = 1/d or 1 for the input
 * scale, and a prime for the second input. As m grows, averages over units become expectations, one
 * block after the other.
 *
 * Forward. S^l = lim <h^l, h^l'> / m. The rows of W^0 are standard normal: S^0 = s <x, x'>. Given
 * h^{l-1} the components of (g^l, g^l') are independent pairs of covariance 2 S^{l-1}, and V^l is
 * independent of them and of mean 0, so that the branch is uncorrelated with the skip connection:
 *
 *     S^l = S^{l-1} + alpha^2 E[phi(g) phi(g')],
 *     E[phi(g) phi(g')] = 2 bar S^{l-1} kappa_1(rho_{l-1}) / 2,
 *
 * bar S = sqrt(S_xx S_x'x'), rho = S / bar S. The output's covariance, the NNGP, is S^L.
 *
 * Backward. Let delta^l = df/dh^l and B_l = lim <delta^l, delta^l'>. delta^L = v / sqrt(m): B_L =
 * 1. With D^l = diag(phi'(g^l)),
 *
 *     delta^{l-1} = delta^l + alpha (sqrt(2)/m) W^l^T D^l V^l^T delta^l.
 *
 * V^l^T delta^l has independent components of covariance B_l, E[phi'(g) phi'(g')] =
 * kappa_0(rho_{l-1}) / 2, and the W^l that carries the signal back may be taken as independent of
 * the one in g^l (gradient independence, which holds in the limit since v is drawn independently of
 * all else: Yang 2020, NTK II):
 *
 *     B_{l-1} = B_l + alpha^2 (2/m^2) m B_l m kappa_0 / 2 = B_l (1 + alpha^2 kappa_0(rho_{l-1})).
 *
 * Tangent kernel. Each weight matrix contributes the product of the two signals that meet in it:
 *
 *     v:    S^L,
 *     V^l:  alpha^2 B_l E[phi(g^l) phi(g^l')]     = alpha^2 B_l bar S^{l-1} kappa_1(rho_{l-1}),
 *     W^l:  2 alpha^2 B_l S^{l-1} kappa_0 / 2     = alpha^2 B_l S^{l-1} kappa_0(rho_{l-1}),
 *     W^0:  B_0 s <x, x'>.
 *
 * The B_l run from the output to the input and would take a second sweep. But all that lies before
 * block l is multiplied by the same factor 1 + alpha^2 kappa_0 when block l is appended; so let
 * Theta^l be the sum for the network that ends after block l. Theta^l - S^l = (1 + alpha^2
 * kappa_0)(Theta^{l-1} - S^{l-1}) + alpha^2 (bar S kappa_1 + S kappa_0), all at l - 1 on the right,
 * and with S^l from above
 *
 *     Theta^0 = 2 S^0, Theta^l = Theta^{l-1} + alpha^2 (kappa_0 Theta^{l-1} + 2 bar S^{l-1}
 *     kappa_1):
 *
 * one sweep, forward, and one arccosine and one square root per block.
 *
 * Normalised form. S^l_xx = (1 + alpha^2)^l S^0_xx for every x. In terms of q = alpha^2 / (1 +
 * alpha^2) and t_l = Theta^l / bar S^l
 *
 *     rho_l = (1 - q) rho_{l-1} + q kappa_1(rho_{l-1}),
 *     t_l   = (1 - q) t_{l-1} + q (kappa_0(rho_{l-1}) t_{l-1} + 2 kappa_1(rho_{l-1})),
 *     t_0   = 2 rho_0,
 *
 * averages, with no norms in them; NNGP = bar S^L rho_L, NTK = bar S^L t_L. On the diagonal rho = 1
 * and t_l = 2 (1 + q l).
 *
 * Accuracy. eps = 2^-52, errors of rho_l absolute, of t_l relative to its diagonal value 2 (1 + q
 * l).
 *
 * 1. The inner product and the two norms give |error of rho_0| <= eps (3/4 sqrt(d) + 4), and bar
 * S^L is off by a relative eps (sqrt(d)/4 + 3 + 3 L / 2) (gram.c, 1; three roundings for each
 * factor 1 + alpha^2 of S^L_xx).
 * 2. rho -> (1 - q) rho + q kappa_1(rho) has a derivative in [0, 1]; kappa_1 is evaluated to 3 eps.
 * A block adds at most 4 eps: |error of rho_l| <= eps (3/4 sqrt(d) + 4 + 4 l).
 * 3. |t_l| <= 2 (1 + q l), and |kappa_0| <= 1. So if t_{l-1} is off by tau and kappa_0, kappa_1 by
 * e_0, e_1, t_l is off by at most max(tau, e_1) + q e_0 + 2 eps, where e_1 <= |error of
 * rho_{l-1}| + 3 eps and e_0 <= |error of rho_{l-1}| / (pi sqrt(1 - rho_{l-1}^2)) + 2 eps.
 *
 * Altogether, relative to sqrt(Theta_xx Theta_x'x'),
 *
 *     eps (sqrt(d) + 9 (L + 1)) (1 + q sum_{l<L} 1 / (pi sqrt(1 - rho_l^2))),
 *
 * as for dense networks but for the factor q. Again nearly parallel and antiparallel inputs are
 * recomputed from their difference (pair.c), which ends the first term of the sum at 32 / pi.
 *
 * Any activation, w^2 and biases (architecture.h). Let z = 1 where the biases of the blocks are
 * drawn and z = 0 where they begin at 0, E = E[phi phi'] and D = E[phi' phi''] of the
 * pre-activations g^l, whose covariance is
 *
 *     p^{l-1} = w^2 (S^{l-1} + z b^2),     S^0 = s <x, x'> + b^2,
 *
 * and which are Gaussian in the limit as above; so
 *
 *     S^l = S^{l-1} + alpha^2 (E + z b^2),     p^l = p^{l-1} + alpha^2 w^2 (E + z b^2),
 *     B_{l-1} = B_l (1 + alpha^2 w^2 D),
 *
 * and what block l itself contributes, times B_l, is
 *
 *     V^l: alpha^2 E,   gamma^l: alpha^2 b^2,   W^l: alpha^2 w^2 D S^{l-1},
 *     beta^l: alpha^2 w^2 D b^2,
 *
 * whatever z is: a bias is trained that begins at 0. With U^l = Theta^l - S^l, U^0 = S^0 (W^0 and
 * beta^0),
 *
 *     U^l = U^{l-1} + alpha^2 [D (w^2 U^{l-1} + p^{l-1} + w^2 (1 - z) b^2) + E + b^2].
 *
 * All terms are of one sign on the diagonal, and p is carried in the place of S, S^L = p^L / w^2 -
 * z b^2 being at least p^L / (2 w^2) there (S^L >= b^2). p^0 is the first covariance of a dense
 * network of weight variance w^2 and bias variance w^2 (1 + z) b^2. */
#include "kernel/residual.h"

#include <math.h>

#include <ntk/memory.h>

bool ntk_residual_is_plain(const ntk_architecture *architecture) {
    return architecture->family == NTK_RESIDUAL && architecture->activation == NTK_RELU &&
           architecture->weight_variance == 2 && architecture->bias_variance == 0;
}

double ntk_residual_started(const ntk_architecture *architecture) {
    const bool drawn =
        architecture->family == NTK_RESIDUAL && architecture->bias_start == NTK_BIAS_START_RANDOM;
    return drawn ? architecture->bias_variance : 0;
}

ntk_skips ntk_residual_skips(const ntk_architecture *architecture, size_t d) {
    if (architecture->family != NTK_RESIDUAL) return (ntk_skips){0};
    return (ntk_skips){.input_scale =
                           architecture->input_scale == NTK_INPUT_SCALE_DIMENSION ? 1 / (double)d : 1,
                       .weight = architecture->weight_variance,
                       .bias = architecture->bias_variance,
                       .started = ntk_residual_started(architecture),
                       .gain = architecture->residual_scale * architecture->residual_scale};
}

double ntk_residual_share(const ntk_architecture *architecture) {
    if (architecture->family != NTK_RESIDUAL) return 0;
    const double square = architecture->residual_scale * architecture->residual_scale;
    return square / (1 + square);
}

ntk_status ntk_residual_points(const ntk_architecture *architecture, ntk_points *points) {
    const double growth = 1 + architecture->residual_scale * architecture->residual_scale;
    const double diagonal = 2 * (1 + ntk_residual_share(architecture) * (double)points->depth);
    NTK_TRY(ntk_allocate_doubles(NTK_CLOSED_FORM_FIELDS * points->stride, &points->field[0]));
    for (size_t i = 0; i < points->count; i++) {
        for (size_t l = 0; l < points->depth; l++)
            points->variance[(l + 1) * points->stride + i] =
                growth * points->variance[l * points->stride + i];
        const double first = points->variance[i];
        const double last = points->variance[points->depth * points->stride + i];
        points->tangent[i] = diagonal * last;
        double *field = points->field[0] + ntk_field_offset(i, NTK_CLOSED_FORM_FIELDS);
        field[0] = sqrt(last);
        field[NTK_POINT_BLOCK] = ntk_inverse_root(first);
    }
    return NTK_OK;
}
