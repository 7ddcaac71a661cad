/* What gnuplot can do on this machine. */
#ifndef NTK_RUN_PROBE_H
#define NTK_RUN_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include <ntk/status.h>

/* True where gnuplot can be started, draws svg and png, and finds a font. detail: (size), its
 * version or what is wrong. */
bool ntk_gnuplot_probe(char *detail, size_t size);

#endif
