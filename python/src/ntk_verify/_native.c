/* The library seen from Python: conversions and nothing else.
 *
 * Arrays come and go through the buffer protocol as C-contiguous doubles; the Python modules of
 * this package make them so. What takes time releases the interpreter's lock while the library
 * computes. Errors become what the factory given to set_error_factory makes of a status and its
 * line. */
#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <ntk/accuracy.h>
#include <ntk/ntk.h>

/* --- errors ---------------------------------------------------------------------------------- */

static PyObject *error_factory; /* (status name, line) -> exception */

/* Sets the exception for a status; returns NULL. */
static PyObject *raise_status(ntk_status status) {
    PyObject *error = PyObject_CallFunction(error_factory, "ss", ntk_status_name(status), ntk_error_detail());
    if (error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
    return NULL;
}

static PyObject *set_error_factory(PyObject *self, PyObject *factory) {
    (void)self;
    Py_XDECREF(error_factory);
    Py_INCREF(factory);
    error_factory = factory;
    Py_RETURN_NONE;
}

/* --- arrays ---------------------------------------------------------------------------------- */

enum { MOST_ARRAYS = 6 };

/* The arrays of one call, released together. */
typedef struct arrays {
    size_t count;
    Py_buffer views[MOST_ARRAYS];
} arrays;

static void arrays_release(arrays *all) {
    for (size_t i = 0; i < all->count; i++) PyBuffer_Release(&all->views[i]);
}

typedef struct array {
    double *values; /* NULL for None */
    size_t size, rows, columns;
} array;

/* None is allowed where `size` is not asked for; size 0: any. */
static bool array_take(arrays *all, PyObject *object, const char *name, bool writable, array *out) {
    memset(out, 0, sizeof *out);
    if (object == Py_None) return true;
    Py_buffer *view = &all->views[all->count];
    if (PyObject_GetBuffer(object, view,
                           PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)) != 0)
        return false;
    all->count++;
    if (view->format == NULL || strcmp(view->format, "d") != 0 || view->ndim < 1 || view->ndim > 2) {
        PyErr_Format(PyExc_TypeError, "%s: an array of doubles of one or two axes is wanted", name);
        return false;
    }
    out->values = view->buf;
    out->rows = (size_t)view->shape[0];
    out->columns = view->ndim == 2 ? (size_t)view->shape[1] : 1;
    out->size = out->rows * out->columns;
    return true;
}

/* Sizes are checked here, once more than in Python, since a wrong one writes over memory. */
static bool expect(const char *name, const array *a, size_t rows, size_t columns) {
    if (a->values != NULL && a->rows == rows && a->columns == columns) return true;
    PyErr_Format(PyExc_ValueError, "%s: shape (%zu, %zu) is wanted, not (%zu, %zu)", name, rows, columns,
                 a->rows, a->columns);
    return false;
}

/* --- the architecture ------------------------------------------------------------------------ */

static bool get_double(PyObject *object, const char *name, double *out) {
    PyObject *value = PyObject_GetAttrString(object, name);
    if (value == NULL) return false;
    *out = PyFloat_AsDouble(value);
    Py_DECREF(value);
    return !PyErr_Occurred();
}

static bool get_size(PyObject *object, const char *name, size_t *out) {
    PyObject *value = PyObject_GetAttrString(object, name);
    if (value == NULL) return false;
    *out = PyLong_AsSize_t(value);
    Py_DECREF(value);
    return !PyErr_Occurred();
}

/* A text into a buffer; "" for None. */
static bool get_text(PyObject *object, const char *name, size_t size, char *out) {
    PyObject *value = PyObject_GetAttrString(object, name);
    if (value == NULL) return false;
    out[0] = 0;
    bool good = true;
    if (value != Py_None) {
        Py_ssize_t length = 0;
        const char *text = PyUnicode_AsUTF8AndSize(value, &length);
        good = text != NULL && (size_t)length < size && strlen(text) == (size_t)length;
        if (good)
            memcpy(out, text, (size_t)length + 1);
        else if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "%s: too long", name);
    }
    Py_DECREF(value);
    return good;
}

static bool is(const char *text, const char *word) { return strcmp(text, word) == 0; }

/* One of a list of words that ends with NULL; -1 with an exception. */
static int choose(const char *what, const char *text, const char *const *words) {
    for (int i = 0; words[i] != NULL; i++)
        if (is(text, words[i])) return i;
    PyErr_Format(PyExc_ValueError, "%s: '%s' is not known", what, text);
    return -1;
}

static const char *const families[] = {"dense", "residual", "convolutional", NULL};
static const char *const input_scales[] = {"dimension", "none", NULL};
static const char *const bias_starts[] = {"random", "zero", NULL};
static const char *const readouts[] = {"flatten", "average", NULL};

static ntk_status convolution_of(const char *image, const char *layers, ntk_architecture *out) {
    ntk_architecture grid = ntk_architecture_default();
    NTK_TRY(ntk_architecture_parse_image(image, &grid));
    return ntk_architecture_convolutional(grid.convolution.height, grid.convolution.width,
                                          grid.convolution.channels, layers, out);
}

/* An architecture and the memory that it points to; stays where it is. */
typedef struct description {
    ntk_architecture architecture;
    double weights[NTK_DEPTH_MAX + 1], biases[NTK_DEPTH_MAX + 1];
} description;

/* L + 1 numbers of a sequence. */
static bool get_layers(PyObject *sequence, const char *name, size_t depth, double *out) {
    const Py_ssize_t count = PySequence_Size(sequence);
    if (count < 0) return false;
    if ((size_t)count != depth + 1 || depth > NTK_DEPTH_MAX)
        return raise_status(ntk_fail(NTK_ERROR_ARGUMENT,
                                     "%s: a number, or one for each of the depth + 1 = %zu layers, not %zu",
                                     name, depth + 1, (size_t)count)) != NULL;
    for (Py_ssize_t l = 0; l < count; l++) {
        PyObject *item = PySequence_GetItem(sequence, l);
        if (item == NULL) return false;
        out[l] = PyFloat_AsDouble(item);
        Py_DECREF(item);
        if (PyErr_Occurred()) return false;
    }
    return true;
}

/* A number into *all, or a sequence into `layers`, to which *each then points. */
static bool get_variances(PyObject *object, const char *name, size_t depth, double *all, double *layers,
                          const double **each) {
    PyObject *value = PyObject_GetAttrString(object, name);
    if (value == NULL) return false;
    bool good;
    if (PySequence_Check(value)) {
        good = get_layers(value, name, depth, layers);
        *each = layers;
    } else {
        *all = PyFloat_AsDouble(value);
        good = !PyErr_Occurred();
    }
    Py_DECREF(value);
    return good;
}

static bool read_numbers(PyObject *object, description *network) {
    ntk_architecture *out = &network->architecture;
    return get_variances(object, "weight_variance", out->depth, &out->weight_variance, network->weights,
                         &out->weight_variances) &&
           get_variances(object, "bias_variance", out->depth, &out->bias_variance, network->biases,
                         &out->bias_variances) &&
           get_double(object, "leaky_slope", &out->leaky_slope) &&
           get_double(object, "residual_scale", &out->residual_scale) &&
           get_double(object, "first_weight_variance", &out->convolution.first_weight_variance);
}

static bool read_architecture(PyObject *object, description *network) {
    ntk_architecture *out = &network->architecture;
    char family[16], activation[64], scale[16], image[64], layers[8192], readout[16], bias_start[16];
    *out = ntk_architecture_default();
    if (!get_text(object, "family", sizeof family, family) ||
        !get_text(object, "image", sizeof image, image) ||
        !get_text(object, "layers", sizeof layers, layers) ||
        !get_text(object, "readout", sizeof readout, readout) ||
        !get_text(object, "bias_start", sizeof bias_start, bias_start) ||
        !get_text(object, "activation", sizeof activation, activation) ||
        !get_text(object, "input_scale", sizeof scale, scale))
        return false;
    const int which = choose("family", family, families);
    const int input = choose("input_scale", scale, input_scales);
    const int output = choose("readout", readout, readouts);
    const int start = choose("bias_start", bias_start, bias_starts);
    if (which < 0 || input < 0 || output < 0 || start < 0) return false;
    if (which == NTK_CONVOLUTIONAL) {
        const ntk_status status = convolution_of(image, layers, out);
        if (status != NTK_OK) return raise_status(status) != NULL;
    } else if (!get_size(object, "depth", &out->depth))
        return false;
    out->family = (ntk_family)which;
    out->input_scale = (ntk_input_scale)input;
    out->bias_start = (ntk_bias_start)start;
    out->convolution.readout = (ntk_readout)output;
    ntk_status status = ntk_activation_parse(activation, &out->activation);
    if (status != NTK_OK) return raise_status(status) != NULL;
    if (!read_numbers(object, network)) return false;
    status = ntk_architecture_check(out);
    return status == NTK_OK || raise_status(status) != NULL;
}

static PyObject *check_architecture(PyObject *self, PyObject *object) {
    (void)self;
    description network;
    return read_architecture(object, &network) ? PyLong_FromSize_t(network.architecture.depth) : NULL;
}

/* --- kernels of infinite width --------------------------------------------------------------- */

static const char *const kernel_types[] = {"ntk", "nngp", NULL};

/* Runs `call` without the interpreter's lock; its status in `status`. */
#define COMPUTE(status, call)                                                                                \
    do {                                                                                                     \
        Py_BEGIN_ALLOW_THREADS status = (call);                                                              \
        Py_END_ALLOW_THREADS                                                                                 \
    } while (0)

static PyObject *finish(arrays *all, ntk_status status) {
    arrays_release(all);
    if (PyErr_Occurred()) return NULL;
    if (status != NTK_OK) return raise_status(status);
    Py_RETURN_NONE;
}

/* kernel(architecture, type, x, y or None, out) */
static PyObject *kernel(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *object, *x_object, *y_object, *out_object;
    const char *type_name;
    if (!PyArg_ParseTuple(args, "OsOOO", &object, &type_name, &x_object, &y_object, &out_object)) return NULL;
    description network;
    const int type = choose("kind", type_name, kernel_types);
    if (type < 0 || !read_architecture(object, &network)) return NULL;
    arrays all = {0};
    array x, y, out;
    ntk_status status = NTK_OK;
    if (array_take(&all, x_object, "X", false, &x) && array_take(&all, y_object, "Y", false, &y) &&
        array_take(&all, out_object, "out", true, &out) &&
        expect("out", &out, x.rows, y.values != NULL ? y.rows : x.rows) &&
        (y.values == NULL || expect("Y", &y, y.rows, x.columns))) {
        if (y.values == NULL)
            COMPUTE(status, ntk_kernel_gram(&network.architecture, (ntk_kernel_type)type, x.rows, x.columns,
                                            x.values, x.columns, out.values, out.columns));
        else
            COMPUTE(status,
                    ntk_kernel_cross(&network.architecture, (ntk_kernel_type)type, x.rows, y.rows, x.columns,
                                     x.values, x.columns, y.values, y.columns, out.values, out.columns));
    }
    return finish(&all, status);
}

static ntk_status diagonal_of(const ntk_architecture *architecture, ntk_kernel_type type, const array *x,
                              double *out) {
    for (size_t i = 0; i < x->rows; i++)
        NTK_TRY(ntk_kernel_gram(architecture, type, 1, x->columns, x->values + i * x->columns, x->columns,
                                out + i, 1));
    return NTK_OK;
}

/* kernel_diagonal(architecture, type, x, out) */
static PyObject *kernel_diagonal(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *object, *x_object, *out_object;
    const char *type_name;
    if (!PyArg_ParseTuple(args, "OsOO", &object, &type_name, &x_object, &out_object)) return NULL;
    description network;
    const int type = choose("kind", type_name, kernel_types);
    if (type < 0 || !read_architecture(object, &network)) return NULL;
    arrays all = {0};
    array x, out;
    ntk_status status = NTK_OK;
    if (array_take(&all, x_object, "X", false, &x) && array_take(&all, out_object, "out", true, &out) &&
        expect("out", &out, x.rows, 1))
        COMPUTE(status, diagonal_of(&network.architecture, (ntk_kernel_type)type, &x, out.values));
    return finish(&all, status);
}

/* --- accuracy -------------------------------------------------------------------------------- */

static PyObject *accuracy_dict(const ntk_accuracy *a) {
    return Py_BuildValue("{s:d,s:d,s:n,s:(nn),s:d,s:(dd),s:O,s:d,s:(dd),s:(dd)}", "digits",
                         ntk_accuracy_digits(a), "error", a->error, "judged", (Py_ssize_t)a->judged, "worst",
                         (Py_ssize_t)a->row, (Py_ssize_t)a->column, "stored", a->stored, "exact",
                         a->exact.low, a->exact.high, "square", a->square ? Py_True : Py_False, "asymmetry",
                         a->asymmetry, "lambda_min", a->lambda_min.low, a->lambda_min.high,
                         "exact_lambda_min", a->exact_lambda_min.low, a->exact_lambda_min.high);
}

/* accuracy(architecture, type, x, y or None, k) -> dict of ntk_accuracy */
static PyObject *accuracy(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *object, *x_object, *y_object, *k_object;
    const char *type_name;
    if (!PyArg_ParseTuple(args, "OsOOO", &object, &type_name, &x_object, &y_object, &k_object)) return NULL;
    description network;
    const int type = choose("kind", type_name, kernel_types);
    if (type < 0 || !read_architecture(object, &network)) return NULL;
    arrays all = {0};
    array x, y, k;
    ntk_status status = NTK_OK;
    ntk_accuracy out = {0};
    if (array_take(&all, x_object, "X", false, &x) && array_take(&all, y_object, "Y", false, &y) &&
        array_take(&all, k_object, "K", false, &k) &&
        expect("K", &k, x.rows, y.values != NULL ? y.rows : x.rows) &&
        (y.values == NULL || expect("Y", &y, y.rows, x.columns))) {
        if (y.values == NULL)
            COMPUTE(status, ntk_accuracy_gram(&network.architecture, (ntk_kernel_type)type, x.rows, x.columns,
                                              x.values, x.columns, k.values, k.columns, &out));
        else
            COMPUTE(status, ntk_accuracy_cross(&network.architecture, (ntk_kernel_type)type, x.rows, y.rows,
                                               x.columns, x.values, x.columns, y.values, y.columns, k.values,
                                               k.columns, &out));
    }
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return accuracy_dict(&out);
}

/* --- certificates ---------------------------------------------------------------------------- */

/* certify(a) -> (bound, computed, shift, residual bound) */
static PyObject *certify(PyObject *self, PyObject *a_object) {
    (void)self;
    arrays all = {0};
    array a;
    ntk_status status = NTK_OK;
    ntk_certificate out = {0};
    if (array_take(&all, a_object, "matrix", false, &a) && expect("matrix", &a, a.rows, a.rows))
        COMPUTE(status, ntk_certify_positive_definite(a.rows, a.values, a.columns, &out));
    if (status == NTK_ERROR_NOT_POSITIVE_DEFINITE) status = NTK_OK; /* the bound is an answer too */
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return Py_BuildValue("dddd", out.lambda_min_bound, out.lambda_min, out.shift, out.residual_bound);
}

/* kernel_error(architecture, x, gram) -> bound of ||gram - Theta|| */
static PyObject *kernel_error(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *object, *x_object, *gram_object;
    if (!PyArg_ParseTuple(args, "OOO", &object, &x_object, &gram_object)) return NULL;
    description network;
    if (!read_architecture(object, &network)) return NULL;
    arrays all = {0};
    array x, gram;
    ntk_status status = NTK_OK;
    double bound = NAN;
    if (array_take(&all, x_object, "X", false, &x) && array_take(&all, gram_object, "gram", false, &gram) &&
        expect("gram", &gram, x.rows, x.rows))
        COMPUTE(status, ntk_certify_kernel_error(&network.architecture, x.rows, x.columns, x.values,
                                                 x.columns, gram.values, gram.columns, &bound));
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return PyFloat_FromDouble(bound);
}

/* --- inference ------------------------------------------------------------------------------- */

static const char *const losses[] = {"squared", "logistic", "softmax", NULL};

/* What the functions below share: (loss, gram, f0 or None, targets, l2, a, f). */
typedef struct inference {
    arrays all;
    ntk_inference_problem problem;
    array gram, f0, targets, a, f;
} inference;

static bool inference_take(inference *out, PyObject *args) {
    PyObject *gram, *f0, *targets, *a, *f;
    const char *loss_name;
    double lambda;
    memset(out, 0, sizeof *out);
    if (!PyArg_ParseTuple(args, "sOOOdOO", &loss_name, &gram, &f0, &targets, &lambda, &a, &f)) return false;
    const int loss = choose("loss", loss_name, losses);
    if (loss < 0 || !array_take(&out->all, gram, "gram", false, &out->gram) ||
        !array_take(&out->all, f0, "f0", false, &out->f0) ||
        !array_take(&out->all, targets, "targets", false, &out->targets) ||
        !array_take(&out->all, a, "a", true, &out->a) || !array_take(&out->all, f, "f", true, &out->f))
        return false;
    const size_t n = out->targets.rows, k = out->targets.columns, order = out->gram.rows;
    if (!expect("gram", &out->gram, order == n ? n : n * k, order == n ? n : n * k) ||
        !expect("a", &out->a, n, k) || !expect("f", &out->f, n, k) ||
        (out->f0.values != NULL && !expect("f0", &out->f0, n, k)))
        return false;
    out->problem = (ntk_inference_problem){.loss = (ntk_loss)loss,
                                           .points = n,
                                           .outputs = k,
                                           .order = order,
                                           .gram = out->gram.values,
                                           .f0 = out->f0.values,
                                           .targets = out->targets.values,
                                           .lambda = lambda};
    return true;
}

/* regression(...) -> relative residual */
static PyObject *regression(PyObject *self, PyObject *args) {
    (void)self;
    inference of;
    double residual = NAN;
    ntk_status status = NTK_OK;
    if (inference_take(&of, args))
        COMPUTE(status, ntk_inference_regression(&of.problem, of.a.values, of.f.values, &residual));
    PyObject *done = finish(&of.all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return PyFloat_FromDouble(residual);
}

/* logistic(...) -> dict of ntk_logistic_result */
static PyObject *logistic(PyObject *self, PyObject *args) {
    (void)self;
    inference of;
    ntk_logistic_result result = {0};
    ntk_status status = NTK_OK;
    if (inference_take(&of, args))
        COMPUTE(status, ntk_inference_logistic(&of.problem, NULL, of.a.values, of.f.values, &result));
    PyObject *done = finish(&of.all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return Py_BuildValue("{s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:n}", "objective", result.objective, "norm",
                         result.norm, "gradient_norm", result.gradient_norm, "relative_residual",
                         result.relative_residual, "duality_gap", result.duality_gap, "output_error",
                         result.output_error, "weight_error", result.weight_error, "iterations",
                         (Py_ssize_t)result.iterations);
}

/* hard_margin(...) -> dict of ntk_hard_margin_result */
static PyObject *hard_margin(PyObject *self, PyObject *args) {
    (void)self;
    inference of;
    ntk_hard_margin_result result = {0};
    ntk_status status = NTK_OK;
    if (inference_take(&of, args))
        COMPUTE(status, ntk_inference_hard_margin(&of.problem, of.a.values, of.f.values, &result));
    PyObject *done = finish(&of.all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return Py_BuildValue("{s:d,s:d,s:d,s:d,s:n,s:n}", "norm", result.norm, "norm_lower", result.norm_lower,
                         "norm_upper", result.norm_upper, "kkt_residual", result.kkt_residual,
                         "support_vectors", (Py_ssize_t)result.support_vectors, "iterations",
                         (Py_ssize_t)result.iterations);
}

/* --- matrices in tiles ----------------------------------------------------------------------- */

/* A matrix in tiles and what it points to; stays where it is. */
typedef struct source {
    description network;
    ntk_tiles *tiles; /* NULL for None */
} source;

static ntk_status open_points(source *out, int type, const array *x) {
    return ntk_tiles_of_kernel(&out->network.architecture, (ntk_kernel_type)type, x->rows, x->columns,
                               x->values, x->columns, &out->tiles);
}

/* (architecture, kind, x) */
static bool source_of_points(arrays *all, PyObject *object, source *out) {
    PyObject *architecture, *x_object;
    const char *type_name;
    array x;
    ntk_status status;
    if (!PyArg_ParseTuple(object, "OsO", &architecture, &type_name, &x_object)) return false;
    const int type = choose("kind", type_name, kernel_types);
    if (type < 0 || !read_architecture(architecture, &out->network) ||
        !array_take(all, x_object, "X", false, &x) || !expect("X", &x, x.rows, x.columns))
        return false;
    COMPUTE(status, open_points(out, type, &x));
    return status == NTK_OK || raise_status(status) != NULL;
}

/* A path, a square array, points, or None; to be closed, after a failure too. */
static bool source_open(arrays *all, PyObject *object, const char *name, source *out) {
    memset(out, 0, sizeof *out);
    if (object == Py_None) return true;
    if (PyTuple_Check(object)) return source_of_points(all, object, out);
    array a;
    ntk_status status;
    if (PyUnicode_Check(object)) {
        PyObject *path = NULL;
        if (!PyUnicode_FSConverter(object, &path)) return false;
        status = ntk_tiles_of_file(PyBytes_AsString(path), &out->tiles);
        Py_DECREF(path);
    } else if (array_take(all, object, name, false, &a) && expect(name, &a, a.rows, a.rows))
        status = ntk_tiles_of_matrix(a.rows, a.values, a.columns, &out->tiles);
    else
        return false;
    return status == NTK_OK || raise_status(status) != NULL;
}

static void source_close(source *s) { ntk_tiles_destroy(s->tiles); }

/* What Python says of a conversion that failed does not name the option. */
static bool option_fail(PyObject *type, const char *name, const char *wanted, PyObject *value) {
    PyErr_Clear();
    PyErr_Format(type, "%s: %s is wanted, not %R", name, wanted, value);
    return false;
}

static bool option_double(PyObject *options, const char *name, double *out) {
    PyObject *value = PyDict_GetItemString(options, name); /* borrowed */
    if (value == NULL) return true;
    *out = PyFloat_AsDouble(value);
    return !PyErr_Occurred() || option_fail(PyExc_TypeError, name, "a number", value);
}

static bool option_size(PyObject *options, const char *name, size_t *out) {
    PyObject *value = PyDict_GetItemString(options, name);
    if (value == NULL) return true;
    PyObject *integer = PyNumber_Index(value); /* of NumPy's integers too */
    if (integer == NULL) return option_fail(PyExc_TypeError, name, "an integer", value);
    *out = PyLong_AsSize_t(integer);
    Py_DECREF(integer);
    return !PyErr_Occurred() || option_fail(PyExc_ValueError, name, "an integer of 0 or more", value);
}

/* Ctrl-C. The thread state is the context. */
static ntk_status heed_signals(const ntk_iterative_progress *progress, void *context) {
    (void)progress;
    PyThreadState **thread = context;
    PyEval_RestoreThread(*thread);
    const bool go_on = PyErr_CheckSignals() == 0;
    *thread = PyEval_SaveThread();
    return go_on ? NTK_OK : NTK_ERROR_CANCELLED;
}

static bool read_iterative(PyObject *dict, ntk_iterative_problem *problem, ntk_iterative_options *out) {
    *out = ntk_iterative_options_default(problem->loss);
    size_t seed = out->seed;
    if (!option_double(dict, "tolerance", &out->tolerance) ||
        !option_double(dict, "absolute_tolerance", &out->absolute_tolerance) ||
        !option_double(dict, "coefficient_tolerance", &out->coefficient_tolerance) ||
        !option_double(dict, "entry_error", &out->entry_error) ||
        !option_double(dict, "lambda_min", &problem->lambda_min) || !option_size(dict, "rank", &out->rank) ||
        !option_size(dict, "max_iterations", &out->max_iterations) || !option_size(dict, "seed", &seed))
        return false;
    out->seed = seed;
    out->watch = heed_signals;
    return true;
}

static PyObject *iterative_dict(const ntk_iterative_result *r, double entry_error) {
    return Py_BuildValue("{s:d,s:d,s:d,s:d,s:d,s:n,s:n,s:n,s:d}", "residual", r->residual, "rounding",
                         r->rounding, "output_error", r->output_error, "coefficient_error",
                         r->coefficient_error, "weight_error", r->weight_error, "iterations",
                         (Py_ssize_t)r->iterations, "steps", (Py_ssize_t)r->steps, "rank",
                         (Py_ssize_t)r->rank, "entry_error", entry_error);
}

static ntk_status run_iterative(const ntk_iterative_problem *problem, ntk_iterative_options *options,
                                double *a, double *f, ntk_iterative_result *result) {
    PyThreadState *thread = PyEval_SaveThread();
    options->context = &thread;
    const ntk_status status = problem->loss == NTK_LOSS_SQUARED
                                  ? ntk_iterative_regression(problem, options, a, f, result)
                                  : ntk_iterative_logistic(problem, options, a, f, result);
    PyEval_RestoreThread(thread);
    return status;
}

/* iterative(loss, kernel, reference or None, f0 or None, targets, l2, options, a, f) -> dict of
 * ntk_iterative_result */
static PyObject *iterative(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *kernel_object, *reference_object, *f0_object, *targets_object, *dict, *a_object, *f_object;
    const char *loss_name;
    ntk_iterative_problem problem = {0};
    if (!PyArg_ParseTuple(args, "sOOOOdOOO", &loss_name, &kernel_object, &reference_object, &f0_object,
                          &targets_object, &problem.lambda, &dict, &a_object, &f_object))
        return NULL;
    const int loss = choose("loss", loss_name, losses);
    if (loss < 0) return NULL;
    problem.loss = (ntk_loss)loss;
    arrays all = {0};
    array f0, targets, a, f;
    source matrix = {0}, other = {0};
    ntk_iterative_options options;
    ntk_iterative_result result = {0};
    ntk_status status = NTK_OK;
    if (read_iterative(dict, &problem, &options) && source_open(&all, kernel_object, "kernel", &matrix) &&
        source_open(&all, reference_object, "reference", &other) &&
        array_take(&all, f0_object, "f0", false, &f0) &&
        array_take(&all, targets_object, "targets", false, &targets) &&
        expect("targets", &targets, ntk_tiles_order(matrix.tiles), targets.columns) &&
        (f0.values == NULL || expect("f0", &f0, targets.rows, targets.columns)) &&
        array_take(&all, a_object, "a", true, &a) && expect("a", &a, targets.rows, targets.columns) &&
        array_take(&all, f_object, "f", true, &f) && expect("f", &f, targets.rows, targets.columns)) {
        problem.outputs = targets.columns;
        problem.tiles = matrix.tiles;
        problem.reference = other.tiles;
        problem.f0 = f0.values;
        problem.targets = targets.values;
        status = run_iterative(&problem, &options, a.values, f.values, &result);
    }
    source_close(&matrix);
    source_close(&other);
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return iterative_dict(&result, options.entry_error);
}

/* predict(architecture, type, x, y, a, weight_error, entry_error, f, radius) */
static PyObject *predict(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *object, *x_object, *y_object, *a_object, *f_object, *radius_object;
    const char *type_name;
    double weight_error, entry_error;
    if (!PyArg_ParseTuple(args, "OsOOOddOO", &object, &type_name, &x_object, &y_object, &a_object,
                          &weight_error, &entry_error, &f_object, &radius_object))
        return NULL;
    description network;
    const int type = choose("kind", type_name, kernel_types);
    if (type < 0 || !read_architecture(object, &network)) return NULL;
    arrays all = {0};
    array x, y, a, f, radius;
    ntk_status status = NTK_OK;
    if (array_take(&all, x_object, "x", false, &x) && array_take(&all, y_object, "y", false, &y) &&
        expect("y", &y, y.rows, x.columns) && array_take(&all, a_object, "a", false, &a) &&
        expect("a", &a, x.rows, a.columns) && array_take(&all, f_object, "f", true, &f) &&
        expect("f", &f, y.rows, a.columns) && array_take(&all, radius_object, "radius", true, &radius) &&
        expect("radius", &radius, y.rows, 1))
        COMPUTE(status, ntk_iterative_predict(&network.architecture, (ntk_kernel_type)type, x.rows, y.rows,
                                              x.columns, x.values, y.values, a.columns, a.values,
                                              weight_error, entry_error, f.values, radius.values));
    return finish(&all, status);
}

/* extremes(kernel, steps, seed) -> dict of ntk_extremes */
static PyObject *extremes(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *kernel_object;
    Py_ssize_t steps;
    unsigned long long seed;
    if (!PyArg_ParseTuple(args, "OnK", &kernel_object, &steps, &seed)) return NULL;
    arrays all = {0};
    source matrix = {0};
    ntk_extremes out = {0};
    ntk_status status = NTK_OK;
    if (source_open(&all, kernel_object, "kernel", &matrix))
        COMPUTE(status, ntk_extremes_find(matrix.tiles, steps < 0 ? 0 : (size_t)steps, seed, &out));
    source_close(&matrix);
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return Py_BuildValue("{s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:n}", "lambda_min", out.lambda_min, "lambda_max",
                         out.lambda_max, "min_upper", out.min_upper, "max_lower", out.max_lower, "max_upper",
                         out.max_upper, "min_radius", out.min_radius, "max_radius", out.max_radius, "steps",
                         (Py_ssize_t)out.steps);
}

/* certify_tiles(kernel, shift, folder) -> bound */
static PyObject *certify_tiles(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *kernel_object;
    const char *folder;
    double shift, bound = NAN;
    if (!PyArg_ParseTuple(args, "Ods", &kernel_object, &shift, &folder)) return NULL;
    arrays all = {0};
    source matrix = {0};
    ntk_status status = NTK_OK;
    if (source_open(&all, kernel_object, "kernel", &matrix))
        COMPUTE(status, ntk_extremes_certify(matrix.tiles, shift, folder, &bound));
    source_close(&matrix);
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return PyFloat_FromDouble(bound);
}

/* --- networks -------------------------------------------------------------------------------- */

typedef struct network {
    PyObject_HEAD ntk_network *handle;
    size_t inputs;
    bool busy; /* a handle serves one thread at a time */
} network;

static PyObject *network_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    (void)keywords;
    PyObject *object;
    Py_ssize_t inputs, width, outputs;
    if (!PyArg_ParseTuple(args, "Onnn", &object, &inputs, &width, &outputs)) return NULL;
    description described;
    if (!read_architecture(object, &described)) return NULL;
    if (inputs < 0 || width < 0 || outputs < 0) {
        PyErr_SetString(PyExc_ValueError, "inputs, width and outputs are positive");
        return NULL;
    }
    const allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    network *out = (network *)allocate(type, 0);
    if (out == NULL) return NULL;
    out->inputs = (size_t)inputs;
    const ntk_status status = ntk_network_create(&described.architecture, (size_t)inputs, (size_t)width,
                                                 (size_t)outputs, &out->handle);
    if (status == NTK_OK) return (PyObject *)out;
    Py_DECREF(out);
    return raise_status(status);
}

static void network_delete(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    ntk_network_destroy(((network *)self)->handle);
    const freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static bool network_begin(network *self) {
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "this network is in use by another thread");
        return false;
    }
    return self->busy = true;
}

static PyObject *network_parameters(PyObject *self, PyObject *unused) {
    (void)unused;
    return PyLong_FromSize_t(ntk_network_parameters(((network *)self)->handle));
}

/* initialise(seed, label, unit, theta) */
static PyObject *network_initialise(PyObject *object, PyObject *args) {
    network *self = (network *)object;
    const char *label;
    PyObject *seed_object, *unit_object, *theta_object;
    if (!PyArg_ParseTuple(args, "OsOO", &seed_object, &label, &unit_object, &theta_object)) return NULL;
    const unsigned long long seed = PyLong_AsUnsignedLongLong(seed_object);
    const unsigned long long unit = PyErr_Occurred() ? 0 : PyLong_AsUnsignedLongLong(unit_object);
    if (PyErr_Occurred()) return NULL; /* negative, or beyond 64 bits */
    arrays all = {0};
    array theta;
    if (array_take(&all, theta_object, "theta", true, &theta) &&
        expect("theta", &theta, ntk_network_parameters(self->handle), 1)) {
        ntk_stream stream = ntk_stream_create(seed, label, unit);
        ntk_network_initialise(self->handle, &stream, theta.values);
    }
    return finish(&all, NTK_OK);
}

typedef enum evaluation { FORWARD, TANGENT_KERNEL, JACOBIAN, CROSS, LINEARISED, GRADIENT } evaluation;

/* J^T c: outputs that nobody asks for, then the pullback. */
static ntk_status gradient(network *self, const array *theta, const array *cotangent, const array *x,
                           array *out) {
    double *outputs;
    NTK_TRY(ntk_allocate_doubles(x->rows * ntk_network_outputs(self->handle), &outputs));
    ntk_status status = ntk_network_forward(self->handle, theta->values, x->rows, x->values, outputs);
    if (status == NTK_OK)
        status = ntk_network_pullback(self->handle, theta->values, x->rows, x->values, cotangent->values,
                                      out->values);
    ntk_release(outputs);
    return status;
}

static ntk_status evaluate(network *self, evaluation what, const array *theta, const array *other,
                           const array *x, array *out) {
    ntk_network *handle = self->handle;
    switch (what) {
    case FORWARD:
        return ntk_network_forward(handle, theta->values, x->rows, x->values, out->values);
    case TANGENT_KERNEL:
        return ntk_network_tangent_kernel(handle, theta->values, x->rows, x->values, out->values,
                                          out->columns);
    case JACOBIAN:
        return ntk_network_jacobian(handle, theta->values, x->rows, x->values, out->values);
    case CROSS:
        return ntk_network_tangent_kernel_cross(handle, theta->values, x->rows, x->values, other->rows,
                                                other->values, out->values, out->columns);
    case LINEARISED:
        return ntk_network_linearised(handle, theta->values, other->values, x->rows, x->values, out->values);
    case GRADIENT:
        return gradient(self, theta, other, x, out);
    }
    return ntk_fail(NTK_ERROR_ARGUMENT, "no such evaluation");
}

/* Rows and columns that the result of an evaluation has. */
static bool expect_out(evaluation what, const network *self, const array *x, const array *other,
                       const array *out) {
    const size_t p = ntk_network_parameters(self->handle), k = ntk_network_outputs(self->handle);
    if (what == GRADIENT) return expect("out", out, p, 1);
    if (what == FORWARD || what == LINEARISED) return expect("out", out, x->rows, k);
    return expect("out", out, x->rows * k, what == JACOBIAN ? p : (what == CROSS ? other : x)->rows * k);
}

/* (theta, x, out), or (theta, other, x, out): other is the points y of a cross kernel, the
 * parameters at which the linearised network is asked for, or the cotangent of a gradient. */
static PyObject *network_evaluate(PyObject *object, PyObject *args, evaluation what) {
    network *self = (network *)object;
    PyObject *theta_object, *other_object = Py_None, *x_object, *out_object;
    if (what == CROSS || what == LINEARISED || what == GRADIENT
            ? !PyArg_ParseTuple(args, "OOOO", &theta_object, &other_object, &x_object, &out_object)
            : !PyArg_ParseTuple(args, "OOO", &theta_object, &x_object, &out_object))
        return NULL;
    if (!network_begin(self)) return NULL;
    const size_t p = ntk_network_parameters(self->handle), k = ntk_network_outputs(self->handle);
    arrays all = {0};
    array theta, other, x, out;
    ntk_status status = NTK_OK;
    if (array_take(&all, theta_object, "theta", false, &theta) && expect("theta", &theta, p, 1) &&
        array_take(&all, other_object, "other", false, &other) &&
        array_take(&all, x_object, "X", false, &x) && expect("X", &x, x.rows, self->inputs) &&
        array_take(&all, out_object, "out", true, &out) &&
        (what != CROSS || expect("Y", &other, other.rows, self->inputs)) &&
        (what != LINEARISED || expect("theta", &other, p, 1)) &&
        (what != GRADIENT || expect("cotangent", &other, x.rows, k)) &&
        expect_out(what, self, &x, &other, &out))
        COMPUTE(status, evaluate(self, what, &theta, &other, &x, &out));
    self->busy = false;
    return finish(&all, status);
}

static PyObject *network_forward(PyObject *self, PyObject *args) {
    return network_evaluate(self, args, FORWARD);
}
static PyObject *network_tangent_kernel(PyObject *self, PyObject *args) {
    return network_evaluate(self, args, TANGENT_KERNEL);
}
static PyObject *network_jacobian(PyObject *self, PyObject *args) {
    return network_evaluate(self, args, JACOBIAN);
}
static PyObject *network_cross(PyObject *self, PyObject *args) { return network_evaluate(self, args, CROSS); }
static PyObject *network_linearised(PyObject *self, PyObject *args) {
    return network_evaluate(self, args, LINEARISED);
}
static PyObject *network_gradient(PyObject *self, PyObject *args) {
    return network_evaluate(self, args, GRADIENT);
}

/* --- flows ----------------------------------------------------------------------------------- */

static const char *const times[] = {"physical", "log-loss", NULL};
static const char *const centres[] = {"initialisation", "zero", NULL};
static const char *const integrators[] = {"automatic", "embedded", "stabilised", "bounded-step", NULL};
static const char *const ends[] = {"horizon", "event", "stationary", "observer"};

typedef struct watcher {
    PyObject *observer; /* called with a dict; false ends the flow */
    PyThreadState *thread;
    size_t points, outputs, parameters, steps;
    bool theta;
} watcher;

static PyObject *bytes_of(const double *values, size_t count) {
    if (values == NULL) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((const char *)values, (Py_ssize_t)(count * sizeof *values));
}

static bool see(watcher *w, const ntk_observation *o) {
    const size_t nk = w->points * w->outputs;
    PyObject *seen = Py_BuildValue(
        "{s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:d,s:N,s:N,s:N}", "log_time", o->log_time, "time", o->time,
        "log_loss", o->log_loss, "objective", o->objective, "displacement", o->displacement, "gradient_norm",
        o->gradient_norm, "smallest_margin", o->smallest_margin, "kernel_drift", o->kernel_drift,
        "kernel_lambda_min", o->kernel_lambda_min, "outputs", bytes_of(o->outputs, nk), "kernel",
        bytes_of(o->kernel, nk * nk), "theta", bytes_of(w->theta ? o->theta : NULL, w->parameters));
    if (seen == NULL) return false;
    PyObject *answer = PyObject_CallFunctionObjArgs(w->observer, seen, NULL);
    Py_DECREF(seen);
    if (answer == NULL) return false;
    const bool go_on = answer != Py_False;
    Py_DECREF(answer);
    return go_on;
}

static ntk_status on_observation(const ntk_observation *observation, void *context) {
    watcher *w = context;
    PyEval_RestoreThread(w->thread);
    /* The end is observed too, also that of a flow that an exception has ended. */
    const bool go_on = !PyErr_Occurred() && see(w, observation);
    w->thread = PyEval_SaveThread();
    return go_on ? NTK_OK : NTK_ERROR_CANCELLED;
}

/* Ctrl-C is seen at every sixteenth step. */
static ntk_status on_step(const ntk_observation *observation, void *context) {
    (void)observation;
    watcher *w = context;
    if (w->steps++ % 16 != 0) return NTK_OK;
    PyEval_RestoreThread(w->thread);
    const bool go_on = PyErr_CheckSignals() == 0;
    w->thread = PyEval_SaveThread();
    return go_on ? NTK_OK : NTK_ERROR_CANCELLED;
}

static bool get_choice(PyObject *object, const char *name, const char *const *words, int *out) {
    char text[32];
    if (!get_text(object, name, sizeof text, text)) return false;
    return (*out = choose(name, text, words)) >= 0;
}

static bool get_flag(PyObject *object, const char *name, bool *out) {
    PyObject *value = PyObject_GetAttrString(object, name);
    if (value == NULL) return false;
    const int truth = PyObject_IsTrue(value);
    Py_DECREF(value);
    *out = truth > 0;
    return truth >= 0;
}

static bool read_options(PyObject *object, ntk_flow_options *out, watcher *w) {
    int loss, time, centre, integrator;
    *out = ntk_flow_options_default();
    if (!get_choice(object, "loss", losses, &loss) || !get_choice(object, "time", times, &time) ||
        !get_choice(object, "centre", centres, &centre) ||
        !get_choice(object, "integrator", integrators, &integrator) ||
        !get_double(object, "l2", &out->lambda) || !get_double(object, "time_factor", &out->time_factor) ||
        !get_double(object, "tolerance", &out->tolerance) || !get_double(object, "step", &out->step) ||
        !get_double(object, "horizon", &out->horizon) ||
        !get_double(object, "log_horizon", &out->log_horizon) ||
        !get_double(object, "gradient_tolerance", &out->gradient_tolerance) ||
        !get_size(object, "max_steps", &out->max_steps) || !get_flag(object, "kinked", &out->kinked) ||
        !get_flag(object, "observe_kernel", &out->observe_kernel) ||
        !get_flag(object, "observe_lambda_min", &out->observe_lambda_min) ||
        !get_flag(object, "observe_theta", &w->theta))
        return false;
    out->loss = (ntk_loss)loss;
    out->time = (ntk_time)time;
    out->centre = (ntk_regulariser_centre)centre;
    out->integrator = (ntk_integrator)integrator;
    out->observer = on_observation;
    out->every_step = on_step;
    return true;
}

static PyObject *flow_result(const ntk_flow_result *result) {
    return Py_BuildValue("{s:s,s:d,s:d,s:d,s:d,s:n,s:n,s:n}", "end", ends[result->end], "log_time",
                         result->log_time, "log_loss", result->log_loss, "displacement", result->displacement,
                         "gradient_norm", result->gradient_norm, "steps", (Py_ssize_t)result->steps,
                         "rejected", (Py_ssize_t)result->rejected, "evaluations",
                         (Py_ssize_t)result->evaluations);
}

static PyObject *run_flow(const ntk_model *model, PyObject *options_object, PyObject *log_times_object,
                          const array *targets, double *theta, PyObject *observer) {
    watcher w = {.observer = observer,
                 .points = model->points,
                 .outputs = model->outputs,
                 .parameters = model->dimension};
    ntk_flow_options options;
    arrays all = {0};
    array log_times;
    if (!read_options(options_object, &options, &w) ||
        !array_take(&all, log_times_object, "times", false, &log_times)) {
        arrays_release(&all);
        return NULL;
    }
    options.context = &w;
    options.observation_log_times = log_times.values;
    options.observation_count = log_times.size;
    ntk_flow_result result;
    w.thread = PyEval_SaveThread();
    const ntk_status status = ntk_flow_run(model, targets->values, &options, theta, &result);
    PyEval_RestoreThread(w.thread);
    PyObject *done = finish(&all, status);
    if (done == NULL) return NULL;
    Py_DECREF(done);
    return flow_result(&result);
}

/* flow(options, times or None, targets, theta, observer, x): theta is overwritten. */
static PyObject *network_flow(PyObject *object, PyObject *args) {
    network *self = (network *)object;
    PyObject *options, *log_times, *targets_object, *theta_object, *observer, *x_object, *done = NULL;
    if (!PyArg_ParseTuple(args, "OOOOOO", &options, &log_times, &targets_object, &theta_object, &observer,
                          &x_object))
        return NULL;
    if (!network_begin(self)) return NULL;
    arrays all = {0};
    array targets, theta, x;
    if (array_take(&all, x_object, "X", false, &x) && expect("X", &x, x.rows, self->inputs) &&
        array_take(&all, targets_object, "targets", false, &targets) &&
        expect("targets", &targets, x.rows, ntk_network_outputs(self->handle)) &&
        array_take(&all, theta_object, "theta", true, &theta) &&
        expect("theta", &theta, ntk_network_parameters(self->handle), 1)) {
        ntk_model model = {0};
        const ntk_status status = ntk_model_network(self->handle, x.rows, x.values, &model);
        done = status == NTK_OK ? run_flow(&model, options, log_times, &targets, theta.values, observer)
                                : raise_status(status);
        ntk_model_release(&model);
    }
    self->busy = false;
    arrays_release(&all);
    return done;
}

/* linear_flow(options, times or None, targets, a, observer, gram, f0): the flow of the linear model
 * with a fixed tangent kernel. */
static PyObject *linear_flow(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *options, *log_times, *targets_object, *a_object, *observer, *gram_object, *f0_object,
        *done = NULL;
    if (!PyArg_ParseTuple(args, "OOOOOOO", &options, &log_times, &targets_object, &a_object, &observer,
                          &gram_object, &f0_object))
        return NULL;
    arrays all = {0};
    array targets, a, gram, f0;
    if (array_take(&all, targets_object, "targets", false, &targets) &&
        array_take(&all, gram_object, "gram", false, &gram) &&
        expect("gram", &gram, targets.size, targets.size) && array_take(&all, f0_object, "f0", false, &f0) &&
        expect("f0", &f0, targets.rows, targets.columns) && array_take(&all, a_object, "a", true, &a) &&
        expect("a", &a, targets.size, 1)) {
        ntk_model model = {0};
        const ntk_status status =
            ntk_model_linear(targets.rows, targets.columns, gram.values, f0.values, &model);
        done = status == NTK_OK ? run_flow(&model, options, log_times, &targets, a.values, observer)
                                : raise_status(status);
        ntk_model_release(&model);
    }
    arrays_release(&all);
    return done;
}

/* --- the module ------------------------------------------------------------------------------ */

static PyObject *set_workers(PyObject *self, PyObject *count) {
    (void)self;
    const size_t workers = PyLong_AsSize_t(count);
    if (PyErr_Occurred()) return NULL;
    const ntk_status status = ntk_set_workers(workers);
    if (status != NTK_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject *workers(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    return PyLong_FromSize_t(ntk_workers());
}

static PyObject *version(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    return PyUnicode_FromString(ntk_version());
}

static PyObject *start(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    const ntk_status status = ntk_linalg_start();
    if (status != NTK_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject *blas(PyObject *self, PyObject *unused) {
    (void)self, (void)unused;
    ntk_blas_info info;
    ntk_blas_describe(&info);
    return Py_BuildValue("{s:s,s:s,s:s,s:i}", "name", info.name, "version", info.version, "core", info.core,
                         "threads", info.threads);
}

static PyMethodDef network_methods[] = {
    {"parameters", network_parameters, METH_NOARGS, NULL},
    {"initialise", network_initialise, METH_VARARGS, NULL},
    {"forward", network_forward, METH_VARARGS, NULL},
    {"tangent_kernel", network_tangent_kernel, METH_VARARGS, NULL},
    {"tangent_kernel_cross", network_cross, METH_VARARGS, NULL},
    {"jacobian", network_jacobian, METH_VARARGS, NULL},
    {"linearised", network_linearised, METH_VARARGS, NULL},
    {"gradient", network_gradient, METH_VARARGS, NULL},
    {"flow", network_flow, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot network_slots[] = {
    {Py_tp_new, (void *)network_new},
    {Py_tp_dealloc, (void *)network_delete},
    {Py_tp_methods, network_methods},
    {0, NULL},
};

static PyType_Spec network_spec = {"ntk_verify._native.Network", sizeof(network), 0, Py_TPFLAGS_DEFAULT,
                                   network_slots};

static PyMethodDef methods[] = {
    {"set_error_factory", set_error_factory, METH_O, NULL},
    {"check_architecture", check_architecture, METH_O, NULL},
    {"kernel", kernel, METH_VARARGS, NULL},
    {"kernel_diagonal", kernel_diagonal, METH_VARARGS, NULL},
    {"accuracy", accuracy, METH_VARARGS, NULL},
    {"certify", certify, METH_O, NULL},
    {"kernel_error", kernel_error, METH_VARARGS, NULL},
    {"regression", regression, METH_VARARGS, NULL},
    {"logistic", logistic, METH_VARARGS, NULL},
    {"hard_margin", hard_margin, METH_VARARGS, NULL},
    {"iterative", iterative, METH_VARARGS, NULL},
    {"predict", predict, METH_VARARGS, NULL},
    {"extremes", extremes, METH_VARARGS, NULL},
    {"certify_tiles", certify_tiles, METH_VARARGS, NULL},
    {"linear_flow", linear_flow, METH_VARARGS, NULL},
    {"set_workers", set_workers, METH_O, NULL},
    {"workers", workers, METH_NOARGS, NULL},
    {"version", version, METH_NOARGS, NULL},
    {"start", start, METH_NOARGS, NULL},
    {"blas", blas, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void) {
    PyObject *out = PyModule_Create(&module);
    if (out == NULL) return NULL;
    PyObject *type = PyType_FromSpec(&network_spec);
    if (type == NULL || PyModule_AddObjectRef(out, "Network", type) != 0) Py_CLEAR(out);
    Py_XDECREF(type);
    return out;
}
