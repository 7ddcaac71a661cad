# Options of the build and of `make verify`. Give them on the command line (`make CC=clang`) or edit
# them here.

# --- compiler -------------------------------------------------------------------------------------
CC       ?= gcc
OPT      ?= -O3
WARN     ?= -Wall -Wextra -Wconversion
# SIMD=none: no vector code at all, the scalar path that other CPUs use.
SIMD     ?= auto
# BLAS=openblas|reference|blis|atlas|mkl, where it is installed (ci/blas finds it); for another one,
# or for another place, BLAS_LIBS= the linker's options for CBLAS, BLAS, LAPACK and LAPACKE.
BLAS     ?= openblas
BLAS_LIBS ?=
# MPI=1: claims run on ranks, processes of a cluster (docs/scaling.md); with another library than
# Open MPI give MPI_CFLAGS= and MPI_LIBS=.
MPI      ?= 0
# SANITIZE=1: AddressSanitizer and UndefinedBehaviorSanitizer; every finding ends the program.
SANITIZE ?= 0

# --- verify ---------------------------------------------------------------------------------------
# TIER=quick|full. CLAIM: claims or suites, blank-separated; empty for all of them.
TIER     ?= quick
CLAIM    ?=
# SEED: empty for the stored seed. JOBS: workers; empty for all cores.
SEED     ?=
JOBS     ?=
# SET: parameters, blank-separated ("lambda=0.5 widths=64,256"). OUT: the folder of the run.
# RESUME=1: go on with the run there, or else in results/latest. STATUS: a file for the exit status.
SET      ?=
OUT      ?=
RESUME   ?=
STATUS   ?=
# WHY: the reason that `make accept` writes into the ledger.
WHY      ?=

# --- install --------------------------------------------------------------------------------------
PREFIX   ?= /usr/local
DESTDIR  ?=
