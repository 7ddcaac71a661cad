#include "linalg/vendor.h"

#include <stdint.h>
#include <stdio.h>

#include "linalg/module.h"

/* A function of another library by its name and type; its caller has looked whether it is there. */
#define CALL(type, name) ((type)(uintptr_t)ntk_symbol(name, NULL))

typedef int (*int_function)(void);
typedef char *(*text_function)(void);
typedef void (*int_setter)(int);

static bool has(const char *name) { return ntk_symbol(name, NULL) != NULL; }

static void ask_text(const char *name, char *text, size_t size) {
    snprintf(text, size, "%s", has(name) ? CALL(text_function, name)() : "");
}

/* ---- OpenBLAS -------------------------------------------------------------------------------- */

static void describe_openblas(char *version, size_t version_size, char *core, size_t core_size) {
    ask_text("openblas_get_config", version, version_size);
    ask_text("openblas_get_corename", core, core_size);
}

static void set_openblas(int threads) { CALL(int_setter, "openblas_set_num_threads")(threads); }

static int get_openblas(void) { return CALL(int_function, "openblas_get_num_threads")(); }

/* Its internal allocator, as it has been exported since GotoBLAS. A buffer that is given back stays
 * in the pool from which the next caller is served. */
bool ntk_openblas_reserve(size_t count) {
    enum { MOST = 64 }; /* the pool of a small build has few more places */
    void *taken[MOST];
    if (!has("blas_memory_alloc") || !has("blas_memory_free")) return false;
    if (count > MOST) count = MOST;
    for (size_t k = 0; k < count; k++) taken[k] = CALL(void *(*)(int), "blas_memory_alloc")(0);
    for (size_t k = 0; k < count; k++) CALL(void (*)(void *), "blas_memory_free")(taken[k]);
    return true;
}

/* ---- BLIS ------------------------------------------------------------------------------------ */

static void describe_blis(char *version, size_t version_size, char *core, size_t core_size) {
    char number[64];
    ask_text("bli_info_get_version_str", number, sizeof number);
    snprintf(version, version_size, "BLIS %s", number);
    *core = '\0';
    if (has("bli_arch_query_id") && has("bli_arch_string"))
        snprintf(core, core_size, "%s",
                 CALL(char *(*)(int), "bli_arch_string")(CALL(int_function, "bli_arch_query_id")()));
}

static void set_blis(int threads) { CALL(void (*)(int64_t), "bli_thread_set_num_threads")(threads); }

static int get_blis(void) { return (int)CALL(int64_t(*)(void), "bli_thread_get_num_threads")(); }

/* ---- MKL ------------------------------------------------------------------------------------- */

static void describe_mkl(char *version, size_t version_size, char *core, size_t core_size) {
    char text[198];
    CALL(void (*)(char *, int), "MKL_Get_Version_String")(text, (int)sizeof text);
    text[sizeof text - 1] = '\0';
    snprintf(version, version_size, "%s", text);
    *core = '\0';
    if (has("MKL_CBWR_Get_Auto_Branch"))
        snprintf(core, core_size, "branch %d", CALL(int_function, "MKL_CBWR_Get_Auto_Branch")());
}

static void set_mkl(int threads) { CALL(int_setter, "MKL_Set_Num_Threads")(threads); }

static int get_mkl(void) { return CALL(int_function, "MKL_Get_Max_Threads")(); }

/* ---- ATLAS ----------------------------------------------------------------------------------- */

/* Its version is printed, not told, and its threads are a matter of which library is linked. */
static void describe_atlas(char *version, size_t version_size, char *core, size_t core_size) {
    (void)core_size;
    snprintf(version, version_size, "ATLAS");
    *core = '\0';
}

/* ---- all ------------------------------------------------------------------------------------- */

static const ntk_vendor vendors[] = {
    {"OpenBLAS", "openblas_get_config", describe_openblas, set_openblas, get_openblas},
    {"BLIS", "bli_thread_set_num_threads", describe_blis, set_blis, get_blis},
    {"MKL", "MKL_Get_Version_String", describe_mkl, set_mkl, get_mkl},
    {"ATLAS", "ATL_buildinfo", describe_atlas, NULL, NULL},
};

/* Several may be loaded, so that the marker alone does not tell which is used. */
const ntk_vendor *ntk_vendor_of(const void *address) {
    for (size_t k = 0; k < sizeof vendors / sizeof *vendors; k++)
        if (ntk_module_uses(address, ntk_symbol(vendors[k].marker, NULL))) return &vendors[k];
    return NULL;
}
