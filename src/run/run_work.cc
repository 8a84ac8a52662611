#include "edgeprune/run/run_work.h"

#include "edgeprune/core/hash.h"

#include <fmt/format.h>

namespace edgeprune::run {
namespace {

std::string text_of(const nn::Operation& operation) {
  std::string text =
      fmt::format("{} {} {} {} | {} {} | {} {} | {} {} | {} {} | {} {} | {} {} {} {} {} {} |",
                  static_cast<int>(operation.kind), operation.shape.height, operation.shape.width,
                  operation.shape.channels, operation.kernel.height, operation.kernel.width,
                  operation.stride.height, operation.stride.width, operation.padding.height,
                  operation.padding.width, operation.bias, operation.is_linear, operation.low,
                  operation.high, operation.max_pool.window.height, operation.max_pool.window.width,
                  operation.max_pool.stride.height, operation.max_pool.stride.width,
                  operation.max_pool.padding.height, operation.max_pool.padding.width);
  for (const std::uint32_t input : operation.inputs) text += fmt::format(" {}", input);
  return text + "\n";
}

}  // namespace

cost::RunWork run_work(const config::Config& config, const RunPlan& plan, const RunFacts& facts) {
  const std::uint64_t evaluations =
      evaluations_left(0, plan.epochs, config.train.evaluate_every_epochs);
  return {.num_samples = plan.num_samples,
          .num_kept = plan.num_kept,
          .num_stored = plan.num_stored,
          .num_test = facts.num_test,
          .score_steps = plan.warmup_iterations,
          .score_samples = plan.scoring_samples,
          .score_forward_samples = plan.scoring_forward_samples,
          .train_steps = plan.training_steps,
          .train_samples = plan.training_samples,
          .full_samples = std::uint64_t{config.train.epochs} * plan.num_samples,
          .evaluation_samples = evaluations * (std::uint64_t{plan.num_samples} + facts.num_test),
          .flops_per_sample = plan.flops_per_sample,
          .forward_flops_per_sample = plan.forward_flops_per_sample,
          .bytes_per_sample = facts.bytes_per_sample,
          .memory_bytes = facts.memory_bytes};
}

std::string network_hash(const nn::Network& network) {
  core::Hasher hasher;
  for (const nn::Operation& operation : network.operations()) hasher.add(text_of(operation));
  hasher.add(fmt::format("output {}", network.output().id));
  return hasher.hex();
}

}  // namespace edgeprune::run
