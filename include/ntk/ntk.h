/* All public headers of ntk-verify. */
#ifndef NTK_NTK_H
#define NTK_NTK_H

#include <ntk/status.h>
#include <ntk/memory.h>
#include <ntk/log.h>
#include <ntk/random.h>
#include <ntk/parallel.h>
#include <ntk/file.h>
#include <ntk/linalg.h>
#include <ntk/data.h>
#include <ntk/architecture.h>
#include <ntk/kernel.h>
#include <ntk/network.h>
#include <ntk/dynamics.h>
#include <ntk/inference.h>
#include <ntk/gaussian.h>
#include <ntk/bayes.h>
#include <ntk/exit.h>
#include <ntk/training.h>
#include <ntk/trajectory.h>
#include <ntk/solution.h>
#include <ntk/certify.h>
#include <ntk/stats.h>
#include <ntk/experiment.h>
#include <ntk/sweep.h>
#include <ntk/drift.h>
#include <ntk/solution_sweep.h>
#include <ntk/target_series.h>
#include <ntk/target_bounds.h>
#include <ntk/exit_sweep.h>
#include <ntk/exit_laws.h>
#include <ntk/convergence.h>
#include <ntk/population.h>
#include <ntk/definiteness.h>
#include <ntk/ensemble.h>
#include <ntk/ensemble_law.h>
#include <ntk/predictive.h>
#include <ntk/claim.h>

#endif
