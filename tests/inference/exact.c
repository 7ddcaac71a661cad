#include "exact.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <criterion/criterion.h>

#include "base/arb.h"

/* Far more than the 100 digits, since curvatures pass through e^-500 on the way to the solution.
 * Midpoints only: Newton's method corrects its own rounding. */
enum { BITS = 1000, MAX_STEPS = 1000 };

static void drop_radii(arb_mat_t matrix) {
    for (slong i = 0; i < arb_mat_nrows(matrix); i++)
        for (slong j = 0; j < arb_mat_ncols(matrix); j++)
            arb_get_mid_arb(arb_mat_entry(matrix, i, j), arb_mat_entry(matrix, i, j));
}

/* <J_i, J_j> of two unknowns. */
static void set_kernel_entry(const ntk_inference_problem *problem, exact_gram gram, size_t i, size_t j,
                             arb_t out) {
    const size_t outputs = problem->outputs, order = problem->order;
    arb_zero(out);
    if (order == problem->points && outputs > 1) {
        if (i % outputs != j % outputs) return;
        i /= outputs;
        j /= outputs;
    }
    if (gram.gram) {
        arb_set_d(out, gram.gram[i * order + j]);
        return;
    }
    arb_t x, y;
    arb_init(x);
    arb_init(y);
    for (size_t r = 0; r < gram.rank; r++) {
        arb_set_d(x, gram.features[i * gram.rank + r]);
        arb_set_d(y, gram.features[j * gram.rank + r]);
        arb_addmul(out, x, y, 4 * BITS);
    }
    arb_clear(x);
    arb_clear(y);
}

static void set_kernel(const ntk_inference_problem *problem, exact_gram gram, arb_mat_t theta) {
    for (slong i = 0; i < arb_mat_nrows(theta); i++)
        for (slong j = 0; j < arb_mat_ncols(theta); j++)
            set_kernel_entry(problem, gram, (size_t)i, (size_t)j, arb_mat_entry(theta, i, j));
}

/* Columns, all of nK, and the Newton matrix. */
typedef struct newton {
    const ntk_inference_problem *problem;
    slong unknowns;
    arb_mat_t theta, system, h;
    arb_mat_t a, image, f, p, rest, r, step, change;
    arb_t lambda, share, one, sum, term;
} newton;

static void start(newton *s, const ntk_inference_problem *problem, exact_gram gram) {
    const slong m = (slong)(problem->points * problem->outputs);
    *s = (newton){.problem = problem, .unknowns = m};
    arb_mat_struct *const squares[] = {s->theta, s->system, s->h};
    arb_mat_struct *const columns[] = {s->a, s->image, s->f, s->p, s->rest, s->r, s->step, s->change};
    arb_ptr const numbers[] = {s->lambda, s->share, s->one, s->sum, s->term};
    for (size_t i = 0; i < 3; i++) arb_mat_init(squares[i], m, m);
    for (size_t i = 0; i < 8; i++) arb_mat_init(columns[i], m, 1);
    for (size_t i = 0; i < 5; i++) arb_init(numbers[i]);
    set_kernel(problem, gram, s->theta);
    arb_set_d(s->lambda, problem->lambda);
    arb_set_ui(s->share, 1);
    arb_div_ui(s->share, s->share, problem->points, BITS);
    arb_one(s->one);
}

static void end(newton *s) {
    arb_mat_struct *const matrices[] = {s->theta, s->system, s->h, s->a,    s->image, s->f,
                                        s->p,     s->rest,   s->r, s->step, s->change};
    arb_ptr const numbers[] = {s->lambda, s->share, s->one, s->sum, s->term};
    for (size_t i = 0; i < 11; i++) arb_mat_clear(matrices[i]);
    for (size_t i = 0; i < 5; i++) arb_clear(numbers[i]);
}

/* p and 1 - p of one point, neither as a difference. */
static void set_probabilities(newton *s, slong row, slong outputs) {
    arb_zero(s->sum);
    if (outputs == 1) {
        arb_exp(s->sum, arb_mat_entry(s->f, row, 0), BITS);
        arb_add_ui(s->term, s->sum, 1, BITS);
        arb_div(arb_mat_entry(s->p, row, 0), s->sum, s->term, BITS);
        arb_inv(arb_mat_entry(s->rest, row, 0), s->term, BITS);
        return;
    }
    for (slong k = row; k < row + outputs; k++) {
        arb_exp(arb_mat_entry(s->p, k, 0), arb_mat_entry(s->f, k, 0), BITS);
        arb_add(s->sum, s->sum, arb_mat_entry(s->p, k, 0), BITS);
    }
    for (slong k = row; k < row + outputs; k++)
        arb_div(arb_mat_entry(s->p, k, 0), arb_mat_entry(s->p, k, 0), s->sum, BITS);
    for (slong k = row; k < row + outputs; k++) {
        arb_zero(arb_mat_entry(s->rest, k, 0));
        for (slong l = row; l < row + outputs; l++)
            if (l != k)
                arb_add(arb_mat_entry(s->rest, k, 0), arb_mat_entry(s->rest, k, 0), arb_mat_entry(s->p, l, 0),
                        BITS);
    }
}

/* (diag p - p p^T) / n; sigma (1 - sigma) / n for one output. */
static void set_curvature(newton *s, slong row, slong outputs) {
    for (slong k = row; k < row + outputs; k++)
        for (slong l = row; l < row + outputs; l++) {
            arb_neg(s->term, arb_mat_entry(s->p, l, 0));
            if (k == l) arb_set(s->term, arb_mat_entry(s->rest, k, 0));
            arb_mul(s->term, s->term, arb_mat_entry(s->p, k, 0), BITS);
            arb_mul(arb_mat_entry(s->h, k, l), s->term, s->share, BITS);
        }
}

static void add_start(newton *s) {
    for (slong i = 0; i < s->unknowns && s->problem->f0; i++) {
        arb_set_d(s->term, s->problem->f0[i]);
        arb_add(arb_mat_entry(s->f, i, 0), arb_mat_entry(s->image, i, 0), s->term, BITS);
    }
    if (!s->problem->f0) arb_mat_set(s->f, s->image);
}

/* Everything that depends on a. */
static void evaluate(newton *s) {
    const slong outputs = (slong)s->problem->outputs;
    arb_mat_mul(s->image, s->theta, s->a, BITS);
    add_start(s);
    drop_radii(s->f);
    for (slong i = 0; i < s->unknowns; i += outputs) {
        set_probabilities(s, i, outputs);
        set_curvature(s, i, outputs);
    }
    for (slong i = 0; i < s->unknowns; i++) { /* p - q = p (1 - q) - (1 - p) q */
        arb_set_d(s->sum, s->problem->targets[i]);
        arb_sub(s->term, s->one, s->sum, BITS);
        arb_mul(s->term, s->term, arb_mat_entry(s->p, i, 0), BITS);
        arb_submul(s->term, s->sum, arb_mat_entry(s->rest, i, 0), BITS);
        arb_mul(s->term, s->term, s->share, BITS);
        arb_addmul(s->term, s->lambda, arb_mat_entry(s->a, i, 0), BITS);
        arb_set(arb_mat_entry(s->r, i, 0), s->term);
    }
    drop_radii(s->p);
    drop_radii(s->rest);
    drop_radii(s->r);
    drop_radii(s->h);
}

static double largest(const arb_mat_t column) {
    double found = 0;
    for (slong i = 0; i < arb_mat_nrows(column); i++)
        found = fmax(found, fabs(arf_get_d(arb_midref(arb_mat_entry(column, i, 0)), ARF_RND_NEAR)));
    return found;
}

/* d/dt of P(a + t step) where `evaluate` was called last, change being Theta step. */
static double slope(newton *s) {
    arb_zero(s->sum);
    for (slong i = 0; i < s->unknowns; i++)
        arb_addmul(s->sum, arb_mat_entry(s->r, i, 0), arb_mat_entry(s->change, i, 0), BITS);
    return arf_sgn(arb_midref(s->sum));
}

static void move(newton *s, double length) {
    arb_set_d(s->term, length);
    for (slong i = 0; i < s->unknowns; i++)
        arb_addmul(arb_mat_entry(s->a, i, 0), s->term, arb_mat_entry(s->step, i, 0), BITS);
    drop_radii(s->a);
    evaluate(s);
}

/* Far from the solution curvatures are below e^-1000, and steps beyond e^1000: such a one is cut to
 * a change of 10^12. Returns the largest change. */
static double cut_short(newton *s) {
    arb_zero(s->sum);
    for (slong i = 0; i < s->unknowns; i++) {
        arb_abs(s->term, arb_mat_entry(s->change, i, 0));
        if (arf_cmp(arb_midref(s->term), arb_midref(s->sum)) > 0) arb_set(s->sum, s->term);
    }
    arb_get_mid_arb(s->sum, s->sum);
    if (arf_cmp_d(arb_midref(s->sum), 1e12) > 0) {
        arb_set_d(s->term, 1e12);
        arb_div(s->term, s->term, s->sum, BITS);
        arb_mat_scalar_mul_arb(s->step, s->step, s->term, BITS);
        arb_mat_scalar_mul_arb(s->change, s->change, s->term, BITS);
        drop_radii(s->step);
        drop_radii(s->change);
    }
    return largest(s->change);
}

/* A Newton step, halved until P still falls where it ends. Returns the largest change of f by a
 * full step. */
static double advance(newton *s) {
    arb_mat_mul(s->system, s->h, s->theta, BITS);
    for (slong i = 0; i < s->unknowns; i++)
        arb_add(arb_mat_entry(s->system, i, i), arb_mat_entry(s->system, i, i), s->lambda, BITS);
    drop_radii(s->system);
    cr_assert(arb_mat_solve_lu(s->step, s->system, s->r, BITS), "the Newton matrix is singular");
    arb_mat_neg(s->step, s->step);
    drop_radii(s->step);
    arb_mat_mul(s->change, s->theta, s->step, BITS);
    const double size = cut_short(s);
    double length = 1;
    for (move(s, length); size > 0.1 && slope(s) > 0; length /= 2) {
        cr_assert_gt(length, 1e-30);
        move(s, -length / 2);
    }
    return size;
}

/* P and ||w||. */
static exact_solution conclude(newton *s) {
    const slong outputs = (slong)s->problem->outputs;
    arb_t loss, square;
    arb_init(loss);
    arb_init(square);
    for (slong i = 0; i < s->unknowns; i++) {
        arb_addmul(square, arb_mat_entry(s->a, i, 0), arb_mat_entry(s->image, i, 0), BITS);
        /* - q log p, and - (1 - q) log(1 - p) */
        for (int other = 0; other <= (outputs == 1); other++) {
            arb_set_d(s->sum, s->problem->targets[i]);
            if (other) arb_sub(s->sum, s->one, s->sum, BITS);
            if (arb_is_zero(s->sum)) continue;
            arb_log(s->term, arb_mat_entry(other ? s->rest : s->p, i, 0), BITS);
            arb_submul(loss, s->sum, s->term, BITS);
        }
    }
    arb_mul(loss, loss, s->share, BITS);
    exact_solution out = {.norm = sqrt(fmax(0, arf_get_d(arb_midref(square), ARF_RND_NEAR)))};
    arb_mul(square, square, s->lambda, BITS);
    arb_mul_2exp_si(square, square, -1);
    arb_add(loss, loss, square, BITS);
    out.objective = arf_get_d(arb_midref(loss), ARF_RND_NEAR);
    arb_clear(loss);
    arb_clear(square);
    return out;
}

exact_solution exact_logistic(const ntk_inference_problem *problem, exact_gram gram, double *f) {
    newton s;
    start(&s, problem, gram);
    double change = INFINITY;
    size_t steps = 0;
    evaluate(&s);
    for (; change > 1e-40; steps++) {
        cr_assert_lt(steps, MAX_STEPS, "change %g, residual %g", change, largest(s.r));
        change = advance(&s);
    }
    /* Strong convexity: a residual so small beside lambda leaves f no room. */
    cr_assert(largest(s.r) <= 1e-50 * (problem->lambda < 1 ? problem->lambda : 1), "%g", largest(s.r));
    for (slong i = 0; i < s.unknowns; i++)
        f[i] = arf_get_d(arb_midref(arb_mat_entry(s.f, i, 0)), ARF_RND_NEAR);
    const exact_solution out = conclude(&s);
    end(&s);
    return out;
}

void exact_regression(const ntk_inference_problem *problem, exact_gram gram, double *f) {
    newton s;
    start(&s, problem, gram);
    arb_mat_set(s.system, s.theta);
    for (slong i = 0; i < s.unknowns; i++) {
        arb_mul_ui(s.term, s.lambda, problem->points, BITS);
        arb_add(arb_mat_entry(s.system, i, i), arb_mat_entry(s.system, i, i), s.term, BITS);
        arb_set_d(arb_mat_entry(s.r, i, 0), problem->targets[i]);
        arb_set_d(s.term, problem->f0 ? problem->f0[i] : 0);
        arb_sub(arb_mat_entry(s.r, i, 0), arb_mat_entry(s.r, i, 0), s.term, BITS);
    }
    cr_assert(arb_mat_solve(s.a, s.system, s.r, BITS), "the matrix is singular");
    arb_mat_mul(s.image, s.theta, s.a, BITS);
    add_start(&s);
    for (slong i = 0; i < s.unknowns; i++)
        f[i] = arf_get_d(arb_midref(arb_mat_entry(s.f, i, 0)), ARF_RND_NEAR);
    end(&s);
}

/* ---- the hard margin ------------------------------------------------------------------------- */

enum { MAX_CONSTRAINTS = 10 };

/* <J_plus - J_minus, w> >= 1; minus = SIZE_MAX for none. */
typedef struct constraint {
    size_t plus, minus;
    int sign;
} constraint;

static size_t list_constraints(const ntk_inference_problem *problem, constraint *out) {
    size_t count = 0;
    for (size_t i = 0; i < problem->points; i++) {
        const double *q = problem->targets + i * problem->outputs;
        if (problem->outputs == 1) {
            out[count++] = (constraint){i, SIZE_MAX, *q > 0.5 ? 1 : -1};
            continue;
        }
        size_t truth = 0;
        while (q[truth] != 1) truth++;
        for (size_t k = 0; k < problem->outputs; k++)
            if (k != truth)
                out[count++] = (constraint){i * problem->outputs + truth, i * problem->outputs + k, 1};
    }
    return count;
}

static void add_entry(const ntk_inference_problem *problem, exact_gram gram, size_t i, size_t j, int sign,
                      arb_t sum, arb_t term) {
    if (i == SIZE_MAX || j == SIZE_MAX) return;
    set_kernel_entry(problem, gram, i, j, term);
    if (sign > 0)
        arb_add(sum, sum, term, 4 * BITS);
    else
        arb_sub(sum, sum, term, 4 * BITS);
}

static void set_constraints(const ntk_inference_problem *problem, exact_gram gram, const constraint *c,
                            size_t count, arb_mat_t q) {
    arb_t term;
    arb_init(term);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            arb_ptr sum = arb_mat_entry(q, i, j);
            const int sign = c[i].sign * c[j].sign;
            arb_zero(sum);
            add_entry(problem, gram, c[i].plus, c[j].plus, sign, sum, term);
            add_entry(problem, gram, c[i].plus, c[j].minus, -sign, sum, term);
            add_entry(problem, gram, c[i].minus, c[j].plus, -sign, sum, term);
            add_entry(problem, gram, c[i].minus, c[j].minus, sign, sum, term);
        }
    arb_clear(term);
}

static double number(const arb_t x) { return arf_get_d(arb_midref(x), ARF_RND_NEAR); }

/* sum alpha where the equalities of this set have alpha >= 0 and no margin is below 1; else
 * infinity. */
static double try_set(const arb_mat_t q, size_t count, unsigned set) {
    size_t member[MAX_CONSTRAINTS], size = 0;
    for (size_t c = 0; c < count; c++)
        if (set >> c & 1) member[size++] = c;
    arb_mat_t matrix, alpha, ones;
    arb_mat_init(matrix, (slong)size, (slong)size);
    arb_mat_init(alpha, (slong)size, 1);
    arb_mat_init(ones, (slong)size, 1);
    for (size_t i = 0; i < size; i++) {
        arb_one(arb_mat_entry(ones, i, 0));
        for (size_t j = 0; j < size; j++)
            arb_set(arb_mat_entry(matrix, i, j), arb_mat_entry(q, member[i], member[j]));
    }
    bool optimal = arb_mat_solve_lu(alpha, matrix, ones, BITS);
    double sum = 0;
    for (size_t i = 0; i < size && optimal; i++) {
        optimal = number(arb_mat_entry(alpha, i, 0)) >= 0;
        sum += number(arb_mat_entry(alpha, i, 0));
    }
    arb_t margin;
    arb_init(margin);
    for (size_t c = 0; c < count && optimal; c++) {
        arb_set_si(margin, -1);
        for (size_t i = 0; i < size; i++)
            arb_addmul(margin, arb_mat_entry(q, c, member[i]), arb_mat_entry(alpha, i, 0), BITS);
        optimal = number(margin) >= -1e-100;
    }
    arb_clear(margin);
    arb_mat_clear(matrix);
    arb_mat_clear(alpha);
    arb_mat_clear(ones);
    return optimal ? sum : INFINITY;
}

double exact_hard_margin(const ntk_inference_problem *problem, exact_gram gram) {
    constraint constraints[MAX_CONSTRAINTS];
    const size_t wanted = problem->points * (problem->outputs == 1 ? 1 : problem->outputs - 1);
    cr_assert_leq(wanted, MAX_CONSTRAINTS);
    const size_t count = list_constraints(problem, constraints);
    arb_mat_t q;
    arb_mat_init(q, (slong)count, (slong)count);
    set_constraints(problem, gram, constraints, count, q);
    double square = INFINITY;
    for (unsigned set = 1; set < 1u << count && isinf(square); set++) square = try_set(q, count, set);
    arb_mat_clear(q);
    return sqrt(square);
}
