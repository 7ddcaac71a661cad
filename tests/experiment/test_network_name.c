/* Names of networks: every name is spelt in one way, and a wrong one is answered with what is wrong
 * in it. */
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/lab/network_name.h>

#include "status.h"

/* What a name says, put together without the code that reads it. */
typedef struct reading {
    const char *written, *spelt;
    ntk_family family;
    ntk_activation activation;
    size_t depth, classes;
    ntk_network_setting setting;
} reading;

Test(network_name, says_what_it_says_and_no_more) {
    static const reading readings[] = {
        {"relu", "relu", NTK_DENSE, NTK_RELU, 0, 0, NTK_SETTING_COMMON},
        {"relu-2", "relu-2", NTK_DENSE, NTK_RELU, 2, 0, NTK_SETTING_COMMON},
        {"erf-k3-l2", "erf-k3-l2", NTK_DENSE, NTK_ERF, 0, 3, NTK_SETTING_L2},
        {"residual", "residual", NTK_RESIDUAL, NTK_RELU, 0, 0, NTK_SETTING_COMMON},
        {"residual-2-k10-soft", "residual-2-k10-soft", NTK_RESIDUAL, NTK_RELU, 2, 10, NTK_SETTING_SOFT},
        {"softplus-64-soft", "softplus-64-soft", NTK_DENSE, NTK_SOFTPLUS, 64, 0, NTK_SETTING_SOFT},
        {"erf-k3-brier", "erf-k3-brier", NTK_DENSE, NTK_ERF, 0, 3, NTK_SETTING_BRIER},
        {"relu-poisson", "relu-poisson", NTK_DENSE, NTK_RELU, 0, 0, NTK_SETTING_POISSON},
        {"gelu-02-l2-k2", "gelu-2-k2-l2", NTK_DENSE, NTK_GELU, 2, 2, NTK_SETTING_L2},
    };
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        const reading *want = &readings[i];
        ntk_network_name name, again;
        assert_ok(ntk_network_name_parse(want->written, &name));
        cr_expect_str_eq(name.text, want->spelt);
        cr_expect(name.family == want->family && name.activation == want->activation, "%s", want->written);
        cr_expect(name.depth == want->depth && name.classes == want->classes, "%s", want->written);
        cr_expect_eq(name.setting, want->setting, "%s", want->written);
        assert_ok(ntk_network_name_parse(name.text, &again));
        cr_expect_eq(memcmp(&again, &name, sizeof name), 0, "'%s' is read as another network", name.text);
    }
}

Test(network_name, a_wrong_one_is_answered_with_what_is_wrong_in_it) {
    static const struct {
        const char *name, *message;
    } wrong[] = {
        {"relv", "'relv': no activation has this name; did you mean 'relu'? there are:"},
        {"residul-2", "'residul-2': no activation has this name; did you mean 'residual'? there"},
        {"attention", "'attention': no activation has this name; there are: relu erf gelu"},
        {"", "'': no activation has this name"},
        {"relu-0", "'relu-0': the depth should be 1 to 256"},
        {"relu-257-k3", "'relu-257-k3': the depth should be 1 to 256"},
        {"relu-2x", "'relu-2x': '2x' should be a whole number, the depth"},
        {"relu-k0", "'relu-k0': classes should be 2 to 10"},
        {"relu-k1", "'relu-k1': classes should be 2 to 10"},
        {"relu-k11", "'relu-k11': classes should be 2 to 10"},
        {"relu-k99999999999999999999", "classes should be 2 to 10"},
        {"relu-k3-k4", "'relu-k3-k4': classes are given twice"},
        {"relu-l2-soft", "'relu-l2-soft': one of l2, soft, brier and poisson should be given, once"},
        {"relu-k3-2",
         "'relu-k3-2': '2' should be a depth, k and the number of classes, l2, soft, brier or poisson"},
        {"relu-k", "'k' should be"},
        {"relu-", "'' should be"},
        {"relu--l2", "'' should be"},
        {"relu-L2", "'L2' should be"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ntk_network_name name;
        const ntk_network_name zero = {0};
        assert_fails(ntk_network_name_parse(wrong[i].name, &name), NTK_ERROR_ARGUMENT, wrong[i].message);
        cr_expect_eq(memcmp(&name, &zero, sizeof name), 0, "%s", wrong[i].name);
        cr_expect_lt(strlen(ntk_error_detail()), 160, "%s", ntk_error_detail());
    }
}
