/* Files that are loaded into this process, and who they are. */
#ifndef NTK_LINALG_MODULE_H
#define NTK_LINALG_MODULE_H

#include <stdbool.h>
#include <stddef.h>

/* The address that the dynamic linker gives to a symbol for all who ask for it by name; `linked`,
 * which may be NULL, where it knows none, as in a static link. */
void *ntk_symbol(const char *name, void *linked);

/* The file that holds an address; "" where none is known. */
const char *ntk_module_path(const void *address);

/* True where the file of `user` holds `address`, or names the file that does among those that it
 * needs. */
bool ntk_module_uses(const void *user, const void *address);

/* text: (size), the build-id of the file that holds an address, in hexadecimal; of a file whose
 * linker wrote none, "content-" and a digest of its content; "" where not even that can be had. */
void ntk_module_build(const void *address, char *text, size_t size);

#endif
