/* Which version of the library this is: semantic versioning (CHANGELOG.md). While the first number
 * is 0, a change of the second may break programs. */
#ifndef NTK_VERSION_H
#define NTK_VERSION_H

#include <ntk/api.h>

NTK_BEGIN_DECLS

/* Of the headers that a program is compiled with. */
#define NTK_VERSION_MAJOR 0
#define NTK_VERSION_MINOR 9
#define NTK_VERSION_PATCH 0
#define NTK_VERSION       "0.9.0"

/* NTK_VERSION of the library that the program runs with. */
const char *ntk_version(void);

NTK_END_DECLS

#endif
