#pragma once
// What a planned run does, in the numbers that cost/run_cost.h predicts from.

#include "edgeprune/config/config.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/run/run_plan.h"

#include <cstdint>

namespace edgeprune::run {

/// What the plan does not know.
struct RunFacts {
  std::uint32_t num_test = 0;      // test samples; 0 without a test set
  double bytes_per_sample = 0;     // sigma
  std::uint64_t memory_bytes = 0;  // RunMemory::total()
};
/// Evaluations included: of all training samples and the test set, as often as
/// train.evaluate_every_epochs says and after the last epoch.
[[nodiscard]] cost::RunWork run_work(const config::Config& config, const RunPlan& plan,
                                     const RunFacts& facts);

}  // namespace edgeprune::run
