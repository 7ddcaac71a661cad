/* Names of networks, the values of a parameter: an architecture, and behind it what sets a network
 * apart from the others of its experiment.
 *
 *     <activation or residual>[-<depth>][-k<classes>][-<setting>]  relu, residual-2-k10-soft,
 *                                                              residual-erf
 *
 * with a setting out of l2, soft, brier and poisson.
 *
 * What a name leaves out, other parameters of the experiment say. */
#ifndef NTK_LAB_NETWORK_NAME_H
#define NTK_LAB_NETWORK_NAME_H

#include <stddef.h>

#include <ntk/api.h>
#include <ntk/architecture.h>
#include <ntk/status.h>

NTK_BEGIN_DECLS

/* The regulariser or the loss that a network has for itself, in an experiment that holds
 * several. */
typedef enum ntk_network_setting {
    NTK_SETTING_COMMON, /* what the parameters say, L2 and soft targets alike */
    NTK_SETTING_L2,     /* L2 alone: one-hot targets */
    NTK_SETTING_SOFT,   /* soft targets alone */
    NTK_SETTING_BRIER,  /* NTK_LOSS_BRIER, whatever the parameters say */
    NTK_SETTING_POISSON /* likewise NTK_LOSS_POISSON */
} ntk_network_setting;

#define NTK_NETWORK_CLASSES_MAX 10 /* as many as there are digits */
#define NTK_NETWORK_NAME_SIZE   64
/* behind the first word: for help */
#define NTK_NETWORK_NAME_TAIL "[-<depth>][-k<classes>][-l2, -soft, -brier or -poisson]"

typedef struct ntk_network_name {
    char text[NTK_NETWORK_NAME_SIZE]; /* the name, spelt as above */
    ntk_family family;
    ntk_activation activation;
    size_t depth;   /* hidden layers or blocks; 0: not said */
    size_t classes; /* 2 to NTK_NETWORK_CLASSES_MAX; 0: not said */
    ntk_network_setting setting;
} ntk_network_name;

/* Errors: NTK_ERROR_ARGUMENT, "'relu-k0': classes should be 2 to 10", say; *out is then zero. */
ntk_status ntk_network_name_parse(const char *text, ntk_network_name *out);

NTK_END_DECLS

#endif
