/* JSON values of which non-finite numbers are a part. */
#ifndef NTK_RUN_JSON_H
#define NTK_RUN_JSON_H

#include <stdbool.h>
#include <time.h>
#include <jansson.h>

#include <ntk/status.h>

/* JSON has no NaN: object[key] becomes null and object[key "_text"] says "nan", "inf" or "-inf". */
void ntk_json_set_number(json_t *object, const char *key, double value);

/* A string, in which what is not UTF-8 is U+FFFD; null for a NULL. */
json_t *ntk_json_text(const char *text);
void ntk_json_set_text(json_t *object, const char *key, const char *text);

/* The time under a key, "2026-11-29T16:14:02Z"; false, and *out untouched, where there is none. */
bool ntk_json_get_time(const json_t *object, const char *key, time_t *out);

/* Write atomically and release the value; NULL, which is what a failed construction gives, is
 * NTK_ERROR_MEMORY. */
ntk_status ntk_json_write(json_t *value, const char *path);

#endif
