#include <ntk/version.h>

const char *ntk_version(void) { return NTK_VERSION; }
