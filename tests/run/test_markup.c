/* Whatever comes from outside, XML, HTML and JSON stay well-formed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <ntk/memory.h>

#include "run/json.h"
#include "run/markup.h"
#include "run/utf8.h"
#include "status.h"

#define BAD NTK_UTF8_REPLACEMENT

/* What the Unicode standard calls ill-formed, byte by byte. */
static const struct {
    const char *text, *wanted;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"\xce\xbb \xe2\x80\x93 \xf0\x9d\x91\x9b", "\xce\xbb \xe2\x80\x93 \xf0\x9d\x91\x9b"},
    {"caf\xe9", "caf" BAD}, /* Latin-1 */
    {"\xe2\x80", BAD BAD},  /* cut within a character */
    {"a\xe2\x80"
     "b",
     "a" BAD BAD "b"},
    {"\x80\xbf", BAD BAD}, /* never a beginning */
    {"\xc0\xaf", BAD BAD}, /* overlong "/" */
    {"\xe0\x80\xaf", BAD BAD BAD},
    {"\xed\xa0\x80", BAD BAD BAD},                            /* a surrogate */
    {"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"}, /* its neighbours */
    {"\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"},
    {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* beyond U+10FFFF */
    {"\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD},
    {"\xef\xbf\xbd", BAD},
    {"\xef\xbf\xbe", BAD BAD BAD}, /* U+FFFE */
    {"\xff\xfe", BAD BAD},
};

Test(markup, what_is_not_utf8_becomes_it) {
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char *repaired, *written = NULL;
        size_t size;
        assert_ok(ntk_utf8_repair(cases[k].text, &repaired));
        cr_expect_str_eq(repaired, cases[k].wanted, "case %zu: %s", k, repaired);
        FILE *stream = open_memstream(&written, &size);
        ntk_markup_text(stream, cases[k].text);
        fclose(stream);
        cr_expect_str_eq(written, cases[k].wanted, "case %zu: %s", k, written);
        free(written);
        ntk_release(repaired);
    }
}

Test(markup, what_has_a_meaning_loses_it) {
    char *written = NULL;
    size_t size;
    FILE *stream = open_memstream(&written, &size);
    ntk_markup_text(stream, "<a href='x'>\"&\x01\x1b[31m\r\n\tend");
    fclose(stream);
    cr_expect_str_eq(written, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;" BAD BAD "[31m" BAD "\n\tend");
    free(written);
}

/* In the middle of a character, whose third byte is there but not meant. */
Test(markup, a_span_ends_where_it_should) {
    char *written = NULL;
    size_t size;
    FILE *stream = open_memstream(&written, &size);
    ntk_markup_span(stream, "\xe2\x80\x93 and", 2);
    fclose(stream);
    cr_expect_str_eq(written, BAD BAD);
    free(written);
}

Test(markup, json_keeps_what_was_said) {
    json_t *object = json_object();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        ntk_json_set_text(object, "said", cases[k].text);
        const char *text = json_string_value(json_object_get(object, "said"));
        cr_assert_not_null(text, "case %zu", k);
        if (strcmp(cases[k].text, "\xef\xbf\xbe") != 0) /* JSON takes U+FFFE */
            cr_expect_str_eq(text, cases[k].wanted, "case %zu: %s", k, text);
    }
    ntk_json_set_text(object, "said", NULL);
    cr_expect(json_is_null(json_object_get(object, "said")));
    json_decref(object);
}
