#include "kernel/convolution_plan.h"

#include <ntk/memory.h>

/* ---- segments -------------------------------------------------------------------------------- */

/* On both axes: a circular layer takes wrapped planes to wrapped planes. */
static bool wraps(const ntk_layer_plan *layer) {
    for (size_t a = 0; a < NTK_AXES; a++) {
        const ntk_image_axis *axis = &layer->axis[a].shape;
        if (!axis->circular || axis->in % axis->stride != 0) return false;
    }
    return true;
}

static bool is_zero_padded(const ntk_layer_plan *layer) { return !layer->axis[0].shape.circular; }

static bool pools(const ntk_layer_plan *layer) {
    return layer->axis[NTK_VERTICAL].shape.pooling != NTK_POOLING_NONE ||
           layer->axis[NTK_HORIZONTAL].shape.pooling != NTK_POOLING_NONE;
}

/* The segment that begins with this layer: as long as planes pass. Planes that are not wrapped pass
 * layers of zero padding; the first layer reads pairs of any displacement, and may be either. */
static ntk_segment segment_from(const ntk_convolution_plan *plan, size_t first) {
    ntk_segment s = {.first = first, .last = first};
    while (!pools(&plan->layer[s.last]) && s.last + 1 < plan->depth) {
        const ntk_layer_plan *next = &plan->layer[s.last + 1];
        const bool plain = is_zero_padded(next) && !s.wrapped;
        const bool wrapped = wraps(next) && (s.wrapped || (s.last == first && wraps(&plan->layer[first])));
        if (!plain && !wrapped) break;
        s.wrapped = wrapped;
        s.last++;
    }
    s.table = pools(&plan->layer[s.last]) || s.last + 1 < plan->depth;
    return s;
}

/* ---- filters --------------------------------------------------------------------------------- */

static ntk_status allocate_sizes(size_t count, size_t **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(count, sizeof **out, &memory));
    *out = memory;
    return NTK_OK;
}

static ntk_status allocate_flags(size_t count, bool **out) {
    void *memory = NULL;
    NTK_TRY(ntk_allocate(count, sizeof **out, &memory));
    *out = memory;
    return NTK_OK;
}

/* The same taps by inputs. */
static void transpose(ntk_axis_filter *filter) {
    const size_t taps = filter->start[filter->outputs];
    for (size_t t = 0; t < taps; t++) filter->input_start[filter->position[t] + 1]++;
    for (size_t i = 0; i < filter->inputs; i++) filter->input_start[i + 1] += filter->input_start[i];
    for (size_t i = filter->inputs; i-- > 0;) {
        size_t at = filter->input_start[i];
        for (size_t j = 0; j < filter->outputs; j++)
            for (size_t t = filter->start[j]; t < filter->start[j + 1]; t++)
                if (filter->position[t] == i) {
                    filter->output[at] = j;
                    filter->input_weight[at++] = filter->weight[t];
                }
    }
}

static ntk_status filter_create(const ntk_image_axis *axis, ntk_axis_filter *out) {
    const size_t most = ntk_image_axis_most_taps(axis);
    out->inputs = axis->out;
    out->outputs = axis->pooled;
    NTK_TRY(allocate_sizes(out->outputs + 1, &out->start));
    NTK_TRY(allocate_sizes(out->outputs * most, &out->position));
    NTK_TRY(allocate_sizes(out->inputs + 1, &out->input_start));
    NTK_TRY(allocate_sizes(out->outputs * most, &out->output));
    NTK_TRY(ntk_allocate_doubles(out->outputs * most, &out->weight));
    NTK_TRY(ntk_allocate_doubles(out->outputs * most, &out->input_weight));
    for (size_t j = 0; j < out->outputs; j++) {
        const size_t at = out->start[j];
        out->start[j + 1] = at + ntk_image_axis_taps(axis, j, out->position + at, out->weight + at);
    }
    transpose(out);
    return NTK_OK;
}

static void filter_destroy(ntk_axis_filter *filter) {
    ntk_release(filter->start);
    ntk_release(filter->position);
    ntk_release(filter->weight);
    ntk_release(filter->input_start);
    ntk_release(filter->output);
    ntk_release(filter->input_weight);
}

/* ---- needs, from the readout back ------------------------------------------------------------ */

static void mark(bool *set, size_t n, ptrdiff_t displacement) {
    const ptrdiff_t at = displacement + (ptrdiff_t)n - 1;
    if (at >= 0 && at < 2 * (ptrdiff_t)n - 1) set[at] = true;
}

static bool marked(const bool *set, size_t n, ptrdiff_t displacement) {
    const ptrdiff_t at = displacement + (ptrdiff_t)n - 1;
    return at >= 0 && at < 2 * (ptrdiff_t)n - 1 && set[at];
}

/* Needed of the convolution's output, where the pooled positions and displacements are known. */
static void needs_of_pooling(ntk_axis_plan *axis) {
    const ntk_axis_filter *f = &axis->filter;
    axis->positions = (ntk_bounds){(ptrdiff_t)f->inputs, 0};
    for (size_t j = (size_t)axis->pooled.low; j < (size_t)axis->pooled.high; j++)
        for (size_t t = f->start[j]; t < f->start[j + 1]; t++) {
            const ptrdiff_t at = (ptrdiff_t)f->position[t];
            if (at < axis->positions.low) axis->positions.low = at;
            if (at >= axis->positions.high) axis->positions.high = at + 1;
        }
    for (size_t j = (size_t)axis->pooled.low; j < (size_t)axis->pooled.high; j++)
        for (size_t k = (size_t)axis->pooled.low; k < (size_t)axis->pooled.high; k++) {
            if (!marked(axis->pooled_displacement, f->outputs, (ptrdiff_t)k - (ptrdiff_t)j)) continue;
            for (size_t t = f->start[j]; t < f->start[j + 1]; t++)
                for (size_t s = f->start[k]; s < f->start[k + 1]; s++)
                    mark(axis->displacement, f->inputs,
                         (ptrdiff_t)f->position[s] - (ptrdiff_t)f->position[t]);
        }
}

/* All positions of a wrapped segment, and displacements modulo the grid. */
static void wrap_needs(ntk_axis_plan *axis) {
    const ptrdiff_t n = (ptrdiff_t)axis->shape.out;
    axis->positions = (ntk_bounds){0, n};
    for (ptrdiff_t delta = 1 - n; delta < 0; delta++)
        if (marked(axis->displacement, (size_t)n, delta)) {
            mark(axis->displacement, (size_t)n, delta + n);
            axis->displacement[delta + n - 1] = false;
        }
}

/* Needed of the layer below, whose pooled output this one's patches see. */
static void needs_of_patches(const ntk_axis_plan *axis, ntk_bounds *positions, bool *displacement) {
    const ntk_image_axis *shape = &axis->shape;
    const ptrdiff_t n = (ptrdiff_t)shape->in, t = (ptrdiff_t)shape->stride, m = (ptrdiff_t)shape->out;
    *positions =
        (ntk_bounds){t * axis->positions.low - (ptrdiff_t)shape->before,
                     t * (axis->positions.high - 1) - (ptrdiff_t)shape->before + (ptrdiff_t)shape->patch};
    if (shape->circular && (positions->low < 0 || positions->high > n)) *positions = (ntk_bounds){0, n};
    *positions = ntk_bounds_meet(*positions, (ntk_bounds){0, n});
    for (ptrdiff_t delta = 1 - m; delta < m; delta++) {
        if (!marked(axis->displacement, (size_t)m, delta)) continue;
        mark(displacement, (size_t)n, t * delta);
        if (!shape->circular) continue;
        const ptrdiff_t wrapped = (t * delta % n + n) % n;
        mark(displacement, (size_t)n, wrapped);
        mark(displacement, (size_t)n, wrapped - n);
    }
}

static void needs_of_readout(ntk_axis_plan *axis, ntk_readout readout) {
    const ptrdiff_t n = (ptrdiff_t)axis->shape.pooled;
    axis->pooled = (ntk_bounds){0, n};
    for (ptrdiff_t delta = 1 - n; delta < n; delta++)
        if (delta == 0 || readout == NTK_READOUT_AVERAGE) mark(axis->pooled_displacement, (size_t)n, delta);
}

static void find_needs(ntk_convolution_plan *plan) {
    for (size_t s = plan->segments; s-- > 0;)
        for (size_t l = plan->segment[s].last + 1; l-- > plan->segment[s].first;)
            for (size_t a = 0; a < NTK_AXES; a++) {
                ntk_axis_plan *axis = &plan->layer[l].axis[a];
                if (l + 1 == plan->depth)
                    needs_of_readout(axis, plan->architecture->convolution.readout);
                else
                    needs_of_patches(&plan->layer[l + 1].axis[a], &axis->pooled, axis->pooled_displacement);
                needs_of_pooling(axis);
                if (plan->segment[s].wrapped) wrap_needs(axis);
            }
}

/* ---- the plan -------------------------------------------------------------------------------- */

static ntk_status axis_create(ntk_axis_plan *axis) {
    NTK_TRY(allocate_flags(2 * axis->shape.out, &axis->displacement));
    NTK_TRY(allocate_flags(2 * axis->shape.pooled, &axis->pooled_displacement));
    return filter_create(&axis->shape, &axis->filter);
}

ntk_status ntk_convolution_plan_create(const ntk_architecture *architecture, ntk_convolution_plan *out) {
    *out = (ntk_convolution_plan){.architecture = architecture, .depth = architecture->depth};
    for (size_t l = 0; l < out->depth; l++) {
        ntk_layer_plan *layer = &out->layer[l];
        ntk_image_axis *vertical = &layer->axis[NTK_VERTICAL].shape;
        ntk_image_axis *horizontal = &layer->axis[NTK_HORIZONTAL].shape;
        ntk_image_axes(architecture, l, vertical, horizontal);
        for (size_t a = 0; a < NTK_AXES; a++) NTK_TRY(axis_create(&layer->axis[a]));
        layer->divisor = ntk_patch_divisor(&architecture->convolution.layer[l], vertical, horizontal);
        layer->positions = vertical->out * horizontal->out;
        layer->first = out->positions;
        out->positions += layer->positions;
    }
    for (size_t l = 0; l < out->depth; l = out->segment[out->segments++].last + 1)
        out->segment[out->segments] = segment_from(out, l);
    find_needs(out);
    return NTK_OK;
}

void ntk_convolution_plan_destroy(ntk_convolution_plan *plan) {
    for (size_t l = 0; l < plan->depth; l++)
        for (size_t a = 0; a < NTK_AXES; a++) {
            ntk_axis_plan *axis = &plan->layer[l].axis[a];
            ntk_release(axis->displacement);
            ntk_release(axis->pooled_displacement);
            filter_destroy(&axis->filter);
        }
}
