/* Arb, FLINT's ball arithmetic. FLINT 3 (Debian 13) holds it; beside FLINT 2 (Debian 12) it is a
 * library of its own. The Makefile asks for the same header to know what to link. */
#ifndef NTK_BASE_ARB_H
#define NTK_BASE_ARB_H

#if __has_include(<flint/arb.h>)
#include <flint/acb.h>
#include <flint/acb_calc.h>
#include <flint/acb_hypgeom.h>
#include <flint/arb.h>
#include <flint/arb_hypgeom.h>
#include <flint/arb_mat.h>
#include <flint/arb_poly.h>
#define NTK_ARB_LIBRARY "FLINT"
#define ntk_arb_version flint_version
#else
#include <acb.h>
#include <acb_calc.h>
#include <acb_hypgeom.h>
#include <arb.h>
#include <arb_hypgeom.h>
#include <arb_mat.h>
#include <arb_poly.h>
#define NTK_ARB_LIBRARY "Arb"
#define ntk_arb_version arb_version
#endif

#endif
