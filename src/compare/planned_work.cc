#include "edgeprune/compare/planned_work.h"

#include "edgeprune/run/planned_run.h"

#include <cmath>

namespace edgeprune::compare {

std::uint64_t planned_work(const config::ResolvedConfig& top, run::SharedData* data) {
  const cost::RunWork work = run::PlannedRun(top, data).work();
  const double forward = static_cast<double>(work.score_forward_samples) *
                         work.forward_flops_per_sample / work.flops_per_sample;
  // Rounded up, so that the budget of `top` itself pays for all of its steps.
  return static_cast<std::uint64_t>(std::ceil(work.score_samples + work.train_samples + forward));
}

}  // namespace edgeprune::compare
