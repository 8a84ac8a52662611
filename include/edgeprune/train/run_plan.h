#pragma once
// What a run is going to do, in numbers, before it does any of it.

#include "edgeprune/nn/network.h"
#include "edgeprune/select/strategy.h"
#include "edgeprune/train/config.h"

#include <cstdint>

namespace edgeprune::train {

struct RunPlan {
  std::uint32_t num_samples = 0;        // N
  std::uint32_t num_kept = 0;           // M = floor(rho N), equation (17); N where all are kept
  std::uint32_t warmup_iterations = 0;  // T_0; 0 for strategies without a warm-up
  std::uint32_t epochs = 0;             // passes over the kept samples, the last one may be cut
  std::uint64_t training_steps = 0;     // steps after selection, equation (7)
  double flops_per_sample = 0;          // c(theta), forward and backward
  double forward_flops_per_sample = 0;
  // Samples and work that the plan spends on learning; evaluation comes on top.
  std::uint64_t scoring_samples = 0;          // forward and backward
  std::uint64_t scoring_forward_samples = 0;  // score mode `checkpoints`, and samples left unseen
  std::uint64_t training_samples = 0;         // forward and backward
  double paper_cost_ratio = 1;                // (27)
  double cost_ratio = 1;                      // with all scoring work, over E epochs on all data
};

/// `num_selected` is the length of the index list of strategy `file`, else unused.
/// A keep ratio that keeps nothing and a batch size that batch norm cannot use are Errors of kind
/// config.
[[nodiscard]] RunPlan plan_run(const Config& config, const select::Strategy& strategy,
                               std::uint32_t num_samples, const nn::Network& network,
                               std::uint32_t num_selected = 0);

/// The iteration counts after which score mode `checkpoints` evaluates all samples: `checkpoints`
/// of them, evenly spaced, the last at warmup_iterations; fewer where there are fewer iterations.
[[nodiscard]] std::vector<std::uint32_t> checkpoint_iterations(std::uint32_t warmup_iterations,
                                                               std::uint32_t checkpoints);

}  // namespace edgeprune::train
