#include "edgeprune/train/run_plan.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/cost/equations.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgeprune::train {
namespace {

using core::BatchPlan;

std::uint32_t warmup_iterations(const Config& config, std::uint32_t num_samples) {
  return config.score.warmup_iterations > 0
             ? config.score.warmup_iterations
             : BatchPlan(num_samples, config.train.batch_size).num_batches();
}

// Samples that `steps` steps of passes over num_samples draw.
std::uint64_t samples_drawn(std::uint64_t steps, std::uint32_t num_samples,
                            std::uint32_t batch_size) {
  const BatchPlan pass(num_samples, batch_size);
  const std::uint64_t cut = steps % pass.num_batches();
  const std::uint64_t drawn = steps / pass.num_batches() * num_samples;
  return cut == 0 ? drawn : drawn + pass.batch(static_cast<std::uint32_t>(cut)).begin;
}

void check_batch_size(const Config& config, const nn::Network& network, std::uint32_t num_kept) {
  if (config.train.batch_size == 1 && config.score.mode == score::LossScoreMode::detrended) {
    throw core::Error(core::ErrorKind::config,
                      "score.mode detrended subtracts each batch's mean, which leaves nothing of a "
                      "batch of one; set train.batch_size to at least 2");
  }
  const bool single = config.train.batch_size == 1 || num_kept == 1;
  if (!single || !network.has_batch_norm() || config.model.freeze != nn::Freeze::none) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("train.batch_size {} with {} kept samples makes batches of one, "
                                "which batch norm cannot use; use at least 2 of each",
                                config.train.batch_size, num_kept));
}

void plan_scoring(const Config& config, RunPlan& plan) {
  plan.scoring_samples =
      samples_drawn(plan.warmup_iterations, plan.num_samples, config.train.batch_size);
  if (config.score.mode == score::LossScoreMode::checkpoints) {
    plan.scoring_forward_samples =
        plan.num_samples *
        checkpoint_iterations(plan.warmup_iterations, config.score.checkpoints).size();
  } else if (plan.scoring_samples < plan.num_samples) {
    plan.scoring_forward_samples = plan.num_samples - plan.scoring_samples;
  }
}

double cost_ratio(const Config& config, const RunPlan& plan) {
  const double learning = static_cast<double>(plan.scoring_samples + plan.training_samples);
  const double forward = static_cast<double>(plan.scoring_forward_samples);
  const double full = static_cast<double>(config.train.epochs) * plan.num_samples;
  return (learning + forward * plan.forward_flops_per_sample / plan.flops_per_sample) / full;
}

}  // namespace

std::vector<std::uint32_t> checkpoint_iterations(std::uint32_t warmup_iterations,
                                                 std::uint32_t checkpoints) {
  const std::uint32_t count = std::min(warmup_iterations, checkpoints);
  std::vector<std::uint32_t> iterations;
  for (std::uint64_t j = 1; j <= count; ++j) {
    iterations.push_back(static_cast<std::uint32_t>(j * warmup_iterations / count));
  }
  return iterations;
}

RunPlan plan_run(const Config& config, const select::Strategy& strategy, std::uint32_t num_samples,
                 const nn::Network& network, std::uint32_t num_selected) {
  const std::uint32_t batch_size = config.train.batch_size;
  const bool from_file = strategy.select == nullptr;
  RunPlan plan{.num_samples = num_samples,
               .flops_per_sample = network.flops_per_sample(config.model.freeze),
               .forward_flops_per_sample = network.forward_flops_per_sample()};
  const std::uint32_t pruned =
      from_file ? num_selected : config.prune.keep_ratio.num_kept(num_samples);
  plan.num_kept = strategy.keeps_all ? num_samples : pruned;
  check_batch_size(config, network, plan.num_kept);

  const std::uint32_t warmup = warmup_iterations(config, num_samples);
  if (strategy.warms_up) {
    plan.warmup_iterations = warmup;
    plan_scoring(config, plan);
  }
  const std::uint32_t pass_steps = BatchPlan(plan.num_kept, batch_size).num_batches();
  plan.training_steps = cost::training_iterations(config.train.epochs, pruned, batch_size);
  if (strategy.duration == select::Duration::total_steps) {
    plan.training_steps += warmup;
  } else {
    plan.training_steps = std::uint64_t{config.train.epochs} * pass_steps;
  }
  plan.epochs = static_cast<std::uint32_t>((plan.training_steps + pass_steps - 1) / pass_steps);
  plan.training_samples = samples_drawn(plan.training_steps, plan.num_kept, batch_size);
  plan.paper_cost_ratio = cost::paper_cost_ratio(plan.num_kept, num_samples);
  plan.cost_ratio = cost_ratio(config, plan);
  return plan;
}

}  // namespace edgeprune::train
