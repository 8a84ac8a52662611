#pragma once
// What a run is going to do, in numbers, before it does any of it.

#include "edgeprune/config/config.h"
#include "edgeprune/core/batch_plan.h"
#include "edgeprune/data/container.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/run/training_stages.h"
#include "edgeprune/select/strategy.h"

#include <cstdint>
#include <limits>
#include <string>

namespace edgeprune::run {

struct RunPlan {
  std::uint32_t num_samples = 0;        // N
  std::uint32_t num_kept = 0;           // M = floor(rho N), equation (17); N where all are kept
  std::uint32_t num_stored = 0;         // samples that must stay stored after selection
  std::uint32_t warmup_iterations = 0;  // T_0; 0 for strategies without a warm-up
  std::uint32_t epochs = 0;             // passes over the kept samples, the last one may be cut
  std::uint64_t training_steps = 0;     // steps after selection, equation (7)
  double stored_bytes = 0;              // of those; predicted where they are re-encoded
  double flops_per_sample = 0;          // c(theta), forward and backward
  double forward_flops_per_sample = 0;
  // Samples and work that the plan spends on learning; evaluation comes on top.
  std::uint64_t scoring_samples = 0;          // forward and backward
  std::uint64_t scoring_forward_samples = 0;  // score mode `evaluations`, samples left unseen, and
                                              // features
  std::uint64_t training_samples = 0;         // forward and backward, whatever their size
  TrainingStages stages;                      // the steps by size
  // In samples at full size, the optimizer's own products (nn::update_flops) included.
  double scoring_work = 0;  // forward and backward alone
  double training_work = 0;
  double paper_cost_ratio = 1;  // (27)
  double cost_ratio = 1;        // with all scoring work, over E epochs on all data
};

/// Bytes of one sample.
struct SampleSizes {
  double read = 0;             // sigma: of the data set as it is read
  double original = 0;         // of an original in one file with the others
  data::PackedSize kept = {};  // as it stays stored
};

/// What is known of a run under way.
struct PlanContext {
  std::uint32_t num_selected = 0;  // strategy `file`: the length of its index list
  SampleSizes sizes;               // what lowers M so that it fits budget.bytes
  std::uint32_t warmup_made = 0;   // iterations of a warm-up that is over; 0: it is still to come
};

/// A sampler that drops samples on its way (`infobatch`) is planned as if it dropped none: actual
/// steps and samples are fewer; with budget.samples the steps are as planned, in more epochs. A
/// keep ratio that keeps nothing, a batch size that batch norm cannot use and a budget that leaves
/// no step are Errors of kind config.
[[nodiscard]] RunPlan plan_run(const config::Config& config, const select::Strategy& strategy,
                               std::uint32_t num_samples, const nn::Network& network,
                               const PlanContext& context = {});

/// The bytes that may stay stored after selection, and the field that says so; infinite and empty
/// where nothing does.
struct ByteLimit {
  double bytes = std::numeric_limits<double>::infinity();
  std::string text = {};
};
[[nodiscard]] ByteLimit byte_limit(const config::Config& config, std::uint32_t num_samples,
                                   const SampleSizes& sizes);

/// How a pass over so many samples is cut after the warm-up.
[[nodiscard]] core::BatchPlan training_batches(const config::Config& config,
                                               std::uint32_t num_samples);

/// The iteration counts after which score mode `evaluations` evaluates all samples: `evaluations`
/// of them, evenly spaced, the last at warmup_iterations; fewer where there are fewer iterations.
[[nodiscard]] std::vector<std::uint32_t> evaluation_iterations(std::uint32_t warmup_iterations,
                                                               std::uint32_t evaluations);

/// The evaluations still to come when `done` of `epochs` epochs are over: after every so many
/// epochs (0: none between) and after the last.
[[nodiscard]] std::uint32_t evaluations_left(std::uint32_t done, std::uint32_t epochs,
                                             std::uint32_t every);
/// Whether one of them comes after this epoch, 1, 2, ...
[[nodiscard]] bool is_evaluated_after(std::uint32_t epoch, std::uint32_t epochs,
                                      std::uint32_t every);

}  // namespace edgeprune::run
