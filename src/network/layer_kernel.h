/* What one layer adds to an empirical tangent kernel: a Gram matrix of its inputs times one of its
 * signals, element by element (tangent_kernel.c). */
#ifndef NTK_NETWORK_LAYER_KERNEL_H
#define NTK_NETWORK_LAYER_KERNEL_H

#include "network/network.h"

/* The two sides of a kernel: the same batch twice for a symmetric one, of which the lower half is
 * built. */
typedef struct kernel_sides {
    const ntk_network *network;
    const network_batch *rows, *columns;
    const double *row_inputs, *column_inputs;
    bool symmetric;
    double *kernel;
    size_t ldk;
} kernel_sides;

/* Room for the Gram matrices of all layers, in network->input_gram and signal_gram. */
ntk_status layer_kernel_reserve(ntk_network *network, const kernel_sides *s);

/* Kernel <- (s^2 <a_i, a_j> + b^2) (x) I_K: the output layer. */
ntk_status layer_kernel_start(const kernel_sides *s, double *inputs);

/* Kernel += ((s^2 <a_i, a_j> + b^2) (x) 1 1^T) o <delta_ik, delta_jk'>: hidden layer l, whose
 * signals stand in the batches. */
ntk_status layer_kernel_add(const kernel_sides *s, size_t l, double *inputs, double *signals);

#endif
