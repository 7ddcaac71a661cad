/* Rounding to nearest, for a while: what counts on it says so by these two, whatever mode the
 * processor is in (rounding.h). */
#ifndef NTK_BASE_ROUNDING_MODE_H
#define NTK_BASE_ROUNDING_MODE_H

/* Returns what ntk_rounding_restore takes. A few nanoseconds where the mode is to nearest. */
int ntk_rounding_nearest(void);
void ntk_rounding_restore(int before);

#endif
