/* Experiments: all that the code of a claim is written with.
 *
 * suites/<suite>/<claim>/experiment.c defines one constant and nothing else with external linkage:
 *
 *     static const ntk_parameter parameters[] = {
 *         NTK_INTEGERS("widths", "64 256", 1, 1e6, "hidden widths"),
 *         NTK_REAL("lambda", 0.1, 0, 1e3, "strength of the regulariser"),
 *         {0},
 *     };
 *     static ntk_status run(ntk_context *context) { ... ntk_emit_scalar(context, "worst-ratio",
 *     worst); ... }
 *     const ntk_experiment NTK_EXPERIMENT = {.parameters = {ntk_sphere_parameters, parameters},
 *     .run = run};
 *
 * The Makefile finds the folder, names the constant and adds it to the registry. An experiment
 * neither prints nor writes files: it emits metrics (scalars, estimates with intervals) and tables.
 * Its randomness comes from ntk_context_stream alone. */
#ifndef NTK_LAB_LAB_H
#define NTK_LAB_LAB_H

#include <ntk/lab/context.h>
#include <ntk/lab/convergence.h>
#include <ntk/lab/cube.h>
#include <ntk/lab/definiteness.h>
#include <ntk/lab/diagonal.h>
#include <ntk/lab/drift.h>
#include <ntk/lab/ensemble.h>
#include <ntk/lab/ensemble_law.h>
#include <ntk/lab/ensemble_study.h>
#include <ntk/lab/experiment.h>
#include <ntk/lab/grid.h>
#include <ntk/lab/loss_clock.h>
#include <ntk/lab/map.h>
#include <ntk/lab/metrics.h>
#include <ntk/lab/network_name.h>
#include <ntk/lab/pairs.h>
#include <ntk/lab/parameters.h>
#include <ntk/lab/plant.h>
#include <ntk/lab/population.h>
#include <ntk/lab/problem.h>
#include <ntk/lab/proofs.h>
#include <ntk/lab/solution.h>
#include <ntk/lab/spectrum.h>
#include <ntk/lab/stability.h>
#include <ntk/lab/sweep.h>
#include <ntk/lab/table.h>
#include <ntk/lab/tubes.h>
#include <ntk/ntk.h>

#endif
