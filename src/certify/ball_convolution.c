/* The recursion of kernel/convolution.c on pairs of positions (u, u'), in balls. It is written from
 * the definitions in architecture.h and shares nothing with the kernel: neither its planes nor its
 * filters, whose weights are balls here too.
 *
 * Only the displacements u' - u that the readout needs are computed: those of a window |delta| <=
 * reach on each axis, found from the readout back. Flatten needs delta = 0; a pooling widens the
 * window by what its filter covers, a stride multiplies it, and a circular layer, from any window
 * but 0, needs all. */
#include "certify/ball_convolution.h"

#include <stdlib.h>

#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "base/guard.h"
#include "certify/ball_dual.h"

enum { AXES = 2 };

/* A grid of positions, and the window of displacements on it. */
typedef struct {
    long size[AXES], reach[AXES];
} grid;

/* S and T of all pairs in the window; (positions, window), 0 for a partner outside of the grid. */
typedef struct {
    grid grid;
    arb_ptr s, t;
} field;

struct ball_convolution {
    const ntk_architecture *architecture;
    slong precision;
    size_t n, ldx;
    const double *x;
    /* after convolutions; after pooling */
    grid image, out[NTK_CONVOLUTION_DEPTH_MAX], pooled[NTK_CONVOLUTION_DEPTH_MAX];
    arb_ptr filter[NTK_CONVOLUTION_DEPTH_MAX][AXES]; /* (pooled, out): what a pooled position takes
                                                      * of each */
    arb_ptr *variance[NTK_CONVOLUTION_DEPTH_MAX];    /* (n), each (positions): S_xx after each
                                                      * convolution */
};

/* ---- grids and windows ----------------------------------------------------------------------- */

static long at_most(long a, long b) { return a < b ? a : b; }

static long modulo(long i, long n) { return (i % n + n) % n; }

static const ntk_convolution_layer *layer_of(const ball_convolution *self, size_t l) {
    return &self->architecture->convolution.layer[l];
}

static long pooled_size(const ntk_convolution_layer *layer, long n) {
    const long s = (long)layer->factor;
    if (n == 1 || layer->pooling == NTK_POOLING_NONE) return n;
    if (layer->pooling == NTK_POOLING_BOX) return n / s;
    if (layer->pooling == NTK_POOLING_GAUSS) return n / s - 1;
    return (n + s - 1) / s;
}

static void find_sizes(ball_convolution *self) {
    const ntk_convolution *c = &self->architecture->convolution;
    self->image = (grid){.size = {(long)c->height, (long)c->width}};
    const grid *below = &self->image;
    for (size_t l = 0; l < self->architecture->depth; l++) {
        const long t = (long)c->layer[l].stride;
        for (size_t a = 0; a < AXES; a++) {
            self->out[l].size[a] = (below->size[a] + t - 1) / t;
            self->pooled[l].size[a] = pooled_size(&c->layer[l], self->out[l].size[a]);
        }
        below = &self->pooled[l];
    }
}

/* The window before pooling: how far taps of pooled positions in the window after it lie apart. */
static long reach_before_pooling(const ball_convolution *self, size_t l, size_t axis) {
    const long n = self->out[l].size[axis], m = self->pooled[l].size[axis],
               reach = self->pooled[l].reach[axis];
    arb_srcptr filter = self->filter[l][axis];
    long most = 0;
    for (long j = 0; j < m; j++)
        for (long k = 0; k < m; k++) {
            if (labs(k - j) > reach) continue;
            for (long a = 0; a < n; a++)
                for (long b = 0; b < n; b++)
                    if (labs(b - a) > most && !arb_is_zero(filter + j * n + a) &&
                        !arb_is_zero(filter + k * n + b))
                        most = labs(b - a);
        }
    return most;
}

static void find_windows(ball_convolution *self) {
    const ntk_convolution *c = &self->architecture->convolution;
    for (size_t l = self->architecture->depth; l-- > 0;) {
        grid *below = l > 0 ? &self->pooled[l - 1] : &self->image;
        for (size_t a = 0; a < AXES; a++) {
            if (l + 1 == self->architecture->depth)
                self->pooled[l].reach[a] =
                    c->readout == NTK_READOUT_AVERAGE ? self->pooled[l].size[a] - 1 : 0;
            self->out[l].reach[a] = reach_before_pooling(self, l, a);
            const long whole = below->size[a] - 1, reach = (long)c->layer[l].stride * self->out[l].reach[a];
            const bool wraps = c->layer[l].padding == NTK_PADDING_CIRCULAR && reach > 0;
            below->reach[a] = wraps ? whole : at_most(reach, whole);
        }
    }
}

/* ---- filters --------------------------------------------------------------------------------- */

static void gaussian_weight(arb_t out, long i, long s, const arb_t total, slong precision) {
    arb_set_si(out, -i * i);
    arb_div_si(out, out, s * s, precision);
    arb_exp(out, out, precision);
    if (total != NULL) arb_div(out, out, total, precision);
}

static void fill_gaussian(const ntk_convolution_layer *layer, long n, long m, slong precision,
                          arb_ptr filter) {
    const long s = (long)layer->factor;
    const bool wraps = layer->pooling == NTK_POOLING_GAUSS_CIRCULAR;
    arb_t total, weight;
    arb_init(total);
    arb_init(weight);
    for (long i = -s; i <= s; i++) {
        gaussian_weight(weight, i, s, NULL, precision);
        arb_add(total, total, weight, precision);
    }
    for (long j = 0; j < m; j++)
        for (long i = -s; i <= s; i++) {
            long at = s * (j + (layer->pooling == NTK_POOLING_GAUSS)) + i;
            if (wraps) at = modulo(at, n);
            if (at < 0 || at >= n) continue;
            gaussian_weight(weight, i, s, total, precision);
            arb_add(filter + j * n + at, filter + j * n + at, weight, precision);
        }
    arb_clear(total);
    arb_clear(weight);
}

static arb_ptr create_filter(const ntk_convolution_layer *layer, long n, long m, slong precision) {
    arb_ptr filter = _arb_vec_init(n * m);
    const long s = (long)layer->factor;
    if (n == 1 || layer->pooling == NTK_POOLING_NONE) {
        for (long j = 0; j < m; j++) arb_one(filter + j * n + j);
    } else if (layer->pooling == NTK_POOLING_BOX) {
        for (long i = 0; i < m * s; i++) {
            arb_one(filter + i / s * n + i);
            arb_div_si(filter + i / s * n + i, filter + i / s * n + i, s, precision);
        }
    } else {
        fill_gaussian(layer, n, m, precision, filter);
    }
    return filter;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static long positions(const grid *g) { return g->size[0] * g->size[1]; }

static long window(const grid *g) { return (2 * g->reach[0] + 1) * (2 * g->reach[1] + 1); }

static field field_create(const grid *g) {
    const long pairs = positions(g) * window(g);
    return (field){*g, _arb_vec_init(pairs), _arb_vec_init(pairs)};
}

static void field_destroy(field *f) {
    const long pairs = positions(&f->grid) * window(&f->grid);
    _arb_vec_clear(f->s, pairs);
    _arb_vec_clear(f->t, pairs);
}

/* Where the pair (u, v) stands, positions of two coordinates. */
static long index_of(const grid *g, const long u[AXES], const long v[AXES]) {
    const long down = v[0] - u[0] + g->reach[0], across = v[1] - u[1] + g->reach[1];
    return ((u[0] * g->size[1] + u[1]) * (2 * g->reach[0] + 1) + down) * (2 * g->reach[1] + 1) + across;
}

/* The next pair of the window with both positions inside; start with u = v = 0 and call `next`
 * while true. */
typedef struct {
    long u[AXES], v[AXES], low[AXES], high[AXES];
} pair;

static void bounds(const grid *g, pair *p) {
    for (size_t a = 0; a < AXES; a++) {
        p->low[a] = p->u[a] - g->reach[a] > 0 ? p->u[a] - g->reach[a] : 0;
        p->high[a] = at_most(p->u[a] + g->reach[a], g->size[a] - 1);
        p->v[a] = p->low[a];
    }
}

static pair first_pair(const grid *g) {
    pair p = {.u = {0, 0}};
    bounds(g, &p);
    return p;
}

static bool next_pair(const grid *g, pair *p) {
    if (++p->v[1] <= p->high[1]) return true;
    p->v[1] = p->low[1];
    if (++p->v[0] <= p->high[0]) return true;
    if (++p->u[1] == g->size[1]) {
        p->u[1] = 0;
        p->u[0]++;
    }
    if (p->u[0] == g->size[0]) return false;
    bounds(g, p);
    return true;
}

/* ---- the recursion --------------------------------------------------------------------------- */

static void load_products(const ball_convolution *self, size_t i, size_t j, field *f) {
    const size_t C = self->architecture->convolution.channels;
    const double *x = self->x + i * self->ldx, *y = self->x + j * self->ldx;
    arb_t a, b;
    arb_init(a);
    arb_init(b);
    pair p = first_pair(&f->grid);
    do {
        arb_ptr s = f->s + index_of(&f->grid, p.u, p.v);
        for (size_t c = 0; c < C; c++) {
            arb_set_d(a, x[(size_t)(p.u[0] * f->grid.size[1] + p.u[1]) * C + c]);
            arb_set_d(b, y[(size_t)(p.v[0] * f->grid.size[1] + p.v[1]) * C + c]);
            arb_addmul(s, a, b, self->precision);
        }
    } while (next_pair(&f->grid, &p));
    arb_clear(a);
    arb_clear(b);
}

/* What offset k of output u reads on an axis of n; false outside. */
static bool read_at(const ntk_convolution_layer *layer, long n, long u, long k, long *at) {
    const long patch = n > 1 ? (long)layer->patch : 1;
    *at = (long)layer->stride * u + k - (patch - 1) / 2;
    if (layer->padding == NTK_PADDING_CIRCULAR) *at = modulo(*at, n);
    return *at >= 0 && *at < n;
}

/* Sums over the patches of a pair. */
static void sum_patches(const ball_convolution *self, size_t l, const field *in, const pair *p, arb_t s,
                        arb_t t) {
    const ntk_convolution_layer *layer = layer_of(self, l);
    const long *n = in->grid.size;
    arb_zero(s);
    arb_zero(t);
    for (long k = 0; k < (n[0] > 1 ? (long)layer->patch : 1); k++)
        for (long m = 0; m < (n[1] > 1 ? (long)layer->patch : 1); m++) {
            long u[AXES], v[AXES];
            if (!read_at(layer, n[0], p->u[0], k, &u[0]) || !read_at(layer, n[1], p->u[1], m, &u[1]) ||
                !read_at(layer, n[0], p->v[0], k, &v[0]) || !read_at(layer, n[1], p->v[1], m, &v[1]))
                continue;
            const long at = index_of(&in->grid, u, v);
            arb_add(s, s, in->s + at, self->precision);
            arb_add(t, t, in->t + at, self->precision);
        }
}

/* w_0^2 / (c s) or w^2 / s */
static void factor_of(const ball_convolution *self, size_t l, const grid *in, arb_t factor) {
    const ntk_architecture *a = self->architecture;
    const ntk_convolution *c = &a->convolution;
    const bool own = l == 0 && c->first_weight_variance > 0;
    arb_set_d(factor, own ? c->first_weight_variance : a->weight_variance);
    if (l == 0 && a->input_scale == NTK_INPUT_SCALE_DIMENSION)
        arb_div_ui(factor, factor, c->channels, self->precision);
    for (size_t k = 0; k < AXES && c->layer[l].scale == NTK_PATCH_MEAN; k++)
        if (in->size[k] > 1) arb_div_ui(factor, factor, c->layer[l].patch, self->precision);
}

static field convolve(const ball_convolution *self, size_t l, const field *in) {
    field out = field_create(&self->out[l]);
    arb_t factor, bias;
    arb_init(factor);
    arb_init(bias);
    factor_of(self, l, &in->grid, factor);
    arb_set_d(bias, self->architecture->bias_variance);
    pair p = first_pair(&out.grid);
    do {
        arb_ptr s = out.s + index_of(&out.grid, p.u, p.v), t = out.t + index_of(&out.grid, p.u, p.v);
        sum_patches(self, l, in, &p, s, t);
        arb_mul(s, s, factor, self->precision);
        arb_add(s, s, bias, self->precision);
        if (l == 0) {
            arb_set(t, s);
            continue;
        }
        arb_mul(t, t, factor, self->precision);
        arb_add(t, t, bias, self->precision);
    } while (next_pair(&out.grid, &p));
    arb_clear(factor);
    arb_clear(bias);
    return out;
}

static bool is_zero_at_zero(ntk_activation activation) {
    return activation != NTK_COS && activation != NTK_SIGMOID && activation != NTK_SOFTPLUS;
}

/* (S, T) <- (E, E + T D). x, y: the variances of both images; same: they are one image. */
static void activate(const ball_convolution *self, field *f, arb_srcptr x, arb_srcptr y, bool same) {
    ball_dual dual;
    arb_init(dual.value);
    arb_init(dual.derivative);
    pair p = first_pair(&f->grid);
    const bool zero = is_zero_at_zero(self->architecture->activation);
    do {
        const long at = index_of(&f->grid, p.u, p.v);
        const long u = p.u[0] * f->grid.size[1] + p.u[1], v = p.v[0] * f->grid.size[1] + p.v[1];
        if (zero && (arb_is_zero(x + u) || arb_is_zero(y + v))) { /* T is 0 too */
            arb_zero(f->s + at);
            arb_zero(f->t + at);
            continue;
        }
        const bool self_pair = same && u == v;
        arb_srcptr a = self_pair ? f->s + at : x + u, b = self_pair ? f->s + at : y + v;
        if (self->architecture->activation == NTK_RELU)
            ball_dual_relu_smooth(&dual, a, b, f->s + at, self->precision);
        else
            ball_dual_compute(self->architecture, &dual, a, b, f->s + at, self->precision);
        arb_mul(f->t + at, f->t + at, dual.derivative, self->precision);
        arb_add(f->t + at, f->t + at, dual.value, self->precision);
        arb_set(f->s + at, dual.value);
    } while (next_pair(&f->grid, &p));
    arb_clear(dual.value);
    arb_clear(dual.derivative);
}

/* Adds weight times the pairs (a, b) of the filters' rows of (p->u, p->v). */
static void pool_pair(const ball_convolution *self, size_t l, const field *in, const pair *p, arb_t s,
                      arb_t t) {
    const long *n = in->grid.size;
    arb_srcptr down = self->filter[l][0], across = self->filter[l][1];
    arb_t weight, part;
    arb_init(weight);
    arb_init(part);
    pair q = first_pair(&in->grid);
    for (q.u[0] = 0; q.u[0] < n[0]; q.u[0]++)
        for (q.v[0] = 0; q.v[0] < n[0]; q.v[0]++) {
            arb_mul(part, down + p->u[0] * n[0] + q.u[0], down + p->v[0] * n[0] + q.v[0], self->precision);
            if (arb_is_zero(part)) continue;
            for (q.u[1] = 0; q.u[1] < n[1]; q.u[1]++)
                for (q.v[1] = 0; q.v[1] < n[1]; q.v[1]++) {
                    arb_mul(weight, across + p->u[1] * n[1] + q.u[1], across + p->v[1] * n[1] + q.v[1],
                            self->precision);
                    if (arb_is_zero(weight)) continue;
                    arb_mul(weight, weight, part, self->precision);
                    arb_addmul(s, weight, in->s + index_of(&in->grid, q.u, q.v), self->precision);
                    arb_addmul(t, weight, in->t + index_of(&in->grid, q.u, q.v), self->precision);
                }
        }
    arb_clear(weight);
    arb_clear(part);
}

static field pool(const ball_convolution *self, size_t l, field *in) {
    if (layer_of(self, l)->pooling == NTK_POOLING_NONE) return *in;
    field out = field_create(&self->pooled[l]);
    pair p = first_pair(&out.grid);
    do {
        const long at = index_of(&out.grid, p.u, p.v);
        pool_pair(self, l, in, &p, out.s + at, out.t + at);
    } while (next_pair(&out.grid, &p));
    field_destroy(in);
    return out;
}

/* Layer l from the one below, which is released. On the way, where images are one: S_xx to
 * `record`. */
static field next_layer(const ball_convolution *self, size_t l, size_t i, size_t j, field *below) {
    field out = convolve(self, l, below);
    field_destroy(below);
    if (i == j) {
        for (long u = 0; u < positions(&out.grid); u++) {
            const long at[AXES] = {u / out.grid.size[1], u % out.grid.size[1]};
            arb_set(self->variance[l][i] + u, out.s + index_of(&out.grid, at, at));
        }
    }
    activate(self, &out, self->variance[l][i], self->variance[l][j], i == j);
    return pool(self, l, &out);
}

static field run_layers(const ball_convolution *self, size_t i, size_t j) {
    field f = field_create(&self->image);
    load_products(self, i, j, &f);
    for (size_t l = 0; l < self->architecture->depth; l++) f = next_layer(self, l, i, j, &f);
    return f;
}

/* w^2 times the readout of `values`, + b^2. */
static void read_out(const ball_convolution *self, const field *f, arb_srcptr values, arb_t out) {
    const ntk_architecture *a = self->architecture;
    const bool average = a->convolution.readout == NTK_READOUT_AVERAGE;
    arb_t number;
    arb_init(number);
    arb_zero(out);
    pair p = first_pair(&f->grid);
    do {
        const bool same = p.u[0] == p.v[0] && p.u[1] == p.v[1];
        if (average || same) arb_add(out, out, values + index_of(&f->grid, p.u, p.v), self->precision);
    } while (next_pair(&f->grid, &p));
    const long N = positions(&f->grid);
    if (average) arb_div_si(out, out, N * N, self->precision);
    arb_set_d(number, a->weight_variance);
    arb_mul(out, out, number, self->precision);
    arb_set_d(number, a->bias_variance);
    arb_add(out, out, number, self->precision);
    arb_clear(number);
}

void ball_convolution_entry(const ball_convolution *self, size_t i, size_t j, arb_t nngp, arb_t theta) {
    field f = run_layers(self, i, j);
    read_out(self, &f, f.s, nngp);
    read_out(self, &f, f.t, theta);
    field_destroy(&f);
}

/* ---- creation -------------------------------------------------------------------------------- */

/* An image with itself leaves its variances behind. */
static ntk_status record_image(size_t i, void *context) {
    NTK_BALL_GUARD;
    const ball_convolution *self = context;
    field f = run_layers(self, i, i);
    field_destroy(&f);
    flint_cleanup(); /* this thread's caches */
    return NTK_OK;
}

static ntk_status fill(ball_convolution *self) {
    find_sizes(self);
    for (size_t l = 0; l < self->architecture->depth; l++) {
        void *memory = NULL;
        for (size_t a = 0; a < AXES; a++)
            self->filter[l][a] = create_filter(layer_of(self, l), self->out[l].size[a],
                                               self->pooled[l].size[a], self->precision);
        NTK_TRY(ntk_allocate(self->n, sizeof *self->variance[l], &memory));
        self->variance[l] = memory;
        for (size_t i = 0; i < self->n; i++) self->variance[l][i] = _arb_vec_init(positions(&self->out[l]));
    }
    find_windows(self);
    return ntk_map(self->n, record_image, self);
}

ntk_status ball_convolution_create(const ntk_architecture *architecture, size_t n, const double *x,
                                   size_t ldx, slong precision, ball_convolution **out) {
    void *memory = NULL;
    *out = NULL;
    NTK_TRY(ntk_allocate(1, sizeof **out, &memory));
    ball_convolution *self = memory;
    self->architecture = architecture;
    self->precision = precision;
    self->n = n;
    self->x = x;
    self->ldx = ldx;
    const ntk_status status = fill(self);
    if (status == NTK_OK)
        *out = self;
    else
        ball_convolution_destroy(self);
    return status;
}

void ball_convolution_destroy(ball_convolution *self) {
    if (self == NULL) return;
    for (size_t l = 0; l < self->architecture->depth; l++) {
        for (size_t a = 0; a < AXES; a++)
            if (self->filter[l][a] != NULL)
                _arb_vec_clear(self->filter[l][a], self->out[l].size[a] * self->pooled[l].size[a]);
        for (size_t i = 0; self->variance[l] != NULL && i < self->n; i++)
            if (self->variance[l][i] != NULL) _arb_vec_clear(self->variance[l][i], positions(&self->out[l]));
        ntk_release(self->variance[l]);
    }
    ntk_release(self);
}
