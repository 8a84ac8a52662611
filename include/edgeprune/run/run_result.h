#pragma once
// What a run came to.

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/budget/run_usage.h"
#include "edgeprune/run/phase.h"
#include "edgeprune/run/run_plan.h"

#include <cstdint>
#include <string>

namespace edgeprune::run {

struct RunResult {
  Phase reached = Phase::score;
  RunPlan plan;
  budget::RunUsage spent;
  std::string strategy;
  std::uint64_t training_steps = 0;  // made, or to be made as things stand
  std::string meters;                // the counted meters in words; empty without any
  budget::BudgetLimits limits;       // as they stood at the end
  double kept_accuracy = -1;         // over S_k, evaluation mode, last epoch; -1 if not reached
  double train_accuracy = -1;        // over D_k
  double test_accuracy = -1;         // -1 without a test set
  double test_loss = -1;
  double stored_bytes_full = 0;  // N * sigma, equation (9)
  double stored_bytes_kept = 0;  // M * sigma
};

}  // namespace edgeprune::run
