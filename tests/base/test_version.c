#include <criterion/criterion.h>
#include <stdio.h>

#include <ntk/version.h>

Test(version, text_and_numbers_agree) {
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", NTK_VERSION_MAJOR, NTK_VERSION_MINOR, NTK_VERSION_PATCH);
    cr_expect_str_eq(NTK_VERSION, text);
    cr_expect_str_eq(ntk_version(), NTK_VERSION);
}
