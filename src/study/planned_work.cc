// Equal work: E M + warm-up samples for every strategy of a keep ratio, whatever it spends them on.

#include "edgeprune/select/strategy.h"
#include "edgeprune/study/grid.h"
#include "edgeprune/train/run_data.h"
#include "edgeprune/train/run_network.h"
#include "edgeprune/train/run_plan.h"

#include <cmath>

namespace edgeprune::study {

std::uint64_t planned_work(const train::Config& top) {
  const data::Dataset data = train::open_training_data(top);
  const nn::Shape input{data.shape.height, data.shape.width, data.shape.channels};
  const train::RunPlan plan =
      train::plan_run(top, select::strategy_named(top.prune.strategy), data.num_samples(),
                      train::build_run_network(top, input, data.num_classes()));
  const double forward = static_cast<double>(plan.scoring_forward_samples) *
                         plan.forward_flops_per_sample / plan.flops_per_sample;
  // Rounded up, so that the budget of `top` itself pays for all of its steps.
  return plan.scoring_samples + plan.training_samples +
         static_cast<std::uint64_t>(std::ceil(forward));
}

}  // namespace edgeprune::study
