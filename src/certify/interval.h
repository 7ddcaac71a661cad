/* From balls to intervals of doubles. */
#ifndef CERTIFY_INTERVAL_H
#define CERTIFY_INTERVAL_H

#include <ntk/interval.h>

#include "base/arb.h"

/* The smallest interval of doubles that holds the ball; from -infinity to infinity for a ball
 * that is not finite. */
ntk_interval certify_interval_of(const arb_t ball);

#endif
