/* All public headers of the library. */
#ifndef NTK_NTK_H
#define NTK_NTK_H

#include <ntk/architecture.h>
#include <ntk/ball_sphere.h>
#include <ntk/certify.h>
#include <ntk/classifier.h>
#include <ntk/data.h>
#include <ntk/deform.h>
#include <ntk/descent.h>
#include <ntk/enclosure.h>
#include <ntk/exit.h>
#include <ntk/file.h>
#include <ntk/flow.h>
#include <ntk/formula.h>
#include <ntk/gaussian.h>
#include <ntk/hard_margin.h>
#include <ntk/inference_problem.h>
#include <ntk/interval.h>
#include <ntk/iterative.h>
#include <ntk/kernel.h>
#include <ntk/laplace.h>
#include <ntk/linalg.h>
#include <ntk/linear_flow.h>
#include <ntk/log.h>
#include <ntk/logistic.h>
#include <ntk/loss.h>
#include <ntk/maclaurin.h>
#include <ntk/memory.h>
#include <ntk/models.h>
#include <ntk/network.h>
#include <ntk/parallel.h>
#include <ntk/posterior.h>
#include <ntk/prove.h>
#include <ntk/random.h>
#include <ntk/regression.h>
#include <ntk/slice.h>
#include <ntk/sphere.h>
#include <ntk/stats.h>
#include <ntk/status.h>
#include <ntk/targets.h>
#include <ntk/tiles.h>
#include <ntk/trajectory.h>
#include <ntk/tube.h>
#include <ntk/version.h>

#endif
