#include "edgeprune/run/run_work.h"

namespace edgeprune::run {

cost::RunWork run_work(const config::Config& config, const RunPlan& plan, const RunFacts& facts) {
  const std::uint64_t evaluations =
      evaluations_left(0, plan.epochs, config.train.evaluate_every_epochs);
  return {.num_samples = plan.num_samples,
          .num_kept = plan.num_kept,
          .num_stored = plan.num_stored,
          .num_test = facts.num_test,
          .score_steps = plan.warmup_iterations,
          .score_samples = plan.scoring_work,
          .score_forward_samples = plan.scoring_forward_samples,
          .train_steps = plan.training_steps,
          .train_samples = plan.training_work,
          .full_samples = std::uint64_t{config.train.epochs} * plan.num_samples,
          .evaluation_samples = evaluations * (std::uint64_t{plan.num_samples} + facts.num_test),
          .flops_per_sample = plan.flops_per_sample,
          .forward_flops_per_sample = plan.forward_flops_per_sample,
          .bytes_per_sample = facts.bytes_per_sample,
          .stored_bytes = plan.stored_bytes,
          .memory_bytes = facts.memory_bytes};
}

}  // namespace edgeprune::run
