#include "edgeprune/run/run_plan.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/cost/equations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::run {
namespace {

using core::BatchPlan;

std::uint32_t one_pass(const config::Config& config, std::uint32_t num_samples) {
  return BatchPlan(num_samples, config.train.batch_size).num_batches();
}

// `auto`, short of storage, decides itself how long it warms up.
bool splits_budget(const config::Config& config) {
  return config.prune.strategy == "auto" &&
         config.prune.constraint == select::Constraint::storage &&
         config.score.warmup_iterations == 0;
}

// Forward and backward samples of warm-up and training. Without a budget `auto` takes what a
// warm-up of one pass and E epochs on the kept samples would.
std::uint64_t learning_budget(const config::Config& config, std::uint32_t num_samples,
                              std::uint32_t num_kept) {
  if (config.budget.samples > 0) return config.budget.samples;
  return std::uint64_t{config.train.epochs} * num_kept + num_samples;
}

std::uint32_t one_warmup(const config::Config& config, std::uint32_t num_samples) {
  return config.score.warmup_iterations > 0 ? config.score.warmup_iterations
                                            : one_pass(config, num_samples);
}

std::uint32_t warmup_iterations(const config::Config& config, std::uint32_t num_samples,
                                std::uint32_t num_kept) {
  if (!splits_budget(config)) return one_warmup(config, num_samples);
  const std::uint64_t budget = learning_budget(config, num_samples, num_kept);
  const std::uint64_t half = (budget + num_samples) / (2 * std::uint64_t{num_samples});
  return one_pass(config, num_samples) *
         static_cast<std::uint32_t>(std::max(half, std::uint64_t{1}));
}

// Samples that `steps` steps of passes over num_samples draw.
std::uint64_t samples_drawn(std::uint64_t steps, std::uint32_t num_samples,
                            std::uint32_t batch_size) {
  const BatchPlan pass(num_samples, batch_size);
  const std::uint64_t cut = steps % pass.num_batches();
  const std::uint64_t drawn = steps / pass.num_batches() * num_samples;
  return cut == 0 ? drawn : drawn + pass.batch(static_cast<std::uint32_t>(cut)).begin;
}

void check_batch_size(const config::Config& config, const nn::Network& network,
                      std::uint32_t num_kept) {
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

void plan_scoring(const config::Config& config, RunPlan& plan) {
  plan.scoring_samples =
      samples_drawn(plan.warmup_iterations, plan.num_samples, config.train.batch_size);
  if (config.score.mode == score::LossScoreMode::evaluations) {
    plan.scoring_forward_samples =
        plan.num_samples *
        evaluation_iterations(plan.warmup_iterations, config.score.evaluations).size();
  } else if (plan.scoring_samples < plan.num_samples) {
    plan.scoring_forward_samples = plan.num_samples - plan.scoring_samples;
  }
}

// What scoring spends of the budget: a forward pass counts by its share of a sample's work.
double scoring_spends(const RunPlan& plan) {
  return static_cast<double>(plan.scoring_samples) +
         static_cast<double>(plan.scoring_forward_samples) * plan.forward_flops_per_sample /
             plan.flops_per_sample;
}

// The most steps that draw no more samples than this.
std::uint64_t steps_within(double samples, std::uint32_t num_kept, const BatchPlan& pass) {
  const auto whole = static_cast<std::uint64_t>(samples);
  std::uint64_t steps = whole / num_kept * pass.num_batches();
  const std::uint64_t rest = whole % num_kept;
  for (std::uint32_t i = 0; pass.batch(i).begin + pass.batch(i).size <= rest; ++i) ++steps;
  return steps;
}

void require_a_step(const config::Config& config, const RunPlan& plan,
                    std::uint32_t batch_samples) {
  const double least = std::ceil(scoring_spends(plan)) + batch_samples;
  if (static_cast<double>(config.budget.samples) >= least) return;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("budget.samples is {}, of which scoring takes {:.0f} and a step {}; the run "
                  "needs at least {:.0f}",
                  config.budget.samples, scoring_spends(plan), batch_samples, least));
}

// `plan` knows its warm-up; `pruned` is M whatever the strategy keeps.
std::uint64_t training_steps(const config::Config& config, const select::Strategy& strategy,
                             const RunPlan& plan, std::uint32_t pruned) {
  const BatchPlan pass(plan.num_kept, config.train.batch_size);
  if (config.budget.samples > 0) {
    require_a_step(config, plan, pass.batch(0).size);
    const double left = static_cast<double>(config.budget.samples) - scoring_spends(plan);
    return steps_within(left, plan.num_kept, pass);
  }
  if (splits_budget(config)) {
    const auto budget = static_cast<double>(learning_budget(config, plan.num_samples, pruned));
    const double left = budget - static_cast<double>(plan.scoring_samples);
    // A longer warm-up than this keep ratio asks for may have been made before it was chosen.
    return std::max(steps_within(std::max(left, 0.0), plan.num_kept, pass), std::uint64_t{1});
  }
  if (strategy.duration == select::Duration::total_steps) {
    return cost::training_iterations(config.train.epochs, pruned, config.train.batch_size) +
           one_warmup(config, plan.num_samples);
  }
  return std::uint64_t{config.train.epochs} * pass.num_batches();
}

// An Error: this strategy cannot make do with budget.bytes.
[[noreturn]] void refuse_bytes(const config::Config& config, std::string_view strategy,
                               std::string_view why) {
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("budget.bytes is {} but prune.strategy {} {}; take one that saves storage, such "
                  "as top, random or facility_location",
                  config.budget.bytes.count, strategy, why),
      {core::ErrorReason::strategy_unfit});
}

// M, or the most samples that budget.bytes lets stay stored, equation (9).
std::uint32_t fitting_samples(const config::Config& config, const select::Strategy& strategy,
                              std::uint32_t stored, double bytes_per_sample) {
  const auto budget = static_cast<double>(config.budget.bytes.count);
  if (budget == 0 || cost::stored_bytes(stored, bytes_per_sample) <= budget) return stored;
  if (strategy.sampler != nullptr || strategy.keeps_all) {
    refuse_bytes(config, strategy.name, "keeps everything stored");
  }
  if (strategy.select == nullptr) refuse_bytes(config, strategy.name, "keeps more than that");
  if (bytes_per_sample > budget) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("budget.bytes is {}, less than one sample; the minimum is {:.0f}",
                                  config.budget.bytes.count, std::ceil(bytes_per_sample)));
  }
  return static_cast<std::uint32_t>(budget / bytes_per_sample);
}

double cost_ratio(const config::Config& config, const RunPlan& plan) {
  const double full = static_cast<double>(config.train.epochs) * plan.num_samples;
  return (scoring_spends(plan) + static_cast<double>(plan.training_samples)) / full;
}

}  // namespace

std::vector<std::uint32_t> evaluation_iterations(std::uint32_t warmup_iterations,
                                                 std::uint32_t evaluations) {
  const std::uint32_t count = std::min(warmup_iterations, evaluations);
  std::vector<std::uint32_t> iterations;
  for (std::uint64_t j = 1; j <= count; ++j) {
    iterations.push_back(static_cast<std::uint32_t>(j * warmup_iterations / count));
  }
  return iterations;
}

RunPlan plan_run(const config::Config& config, const select::Strategy& strategy,
                 std::uint32_t num_samples, const nn::Network& network,
                 const PlanContext& context) {
  const std::uint32_t batch_size = config.train.batch_size;
  const bool dynamic = strategy.sampler != nullptr;
  const bool from_file = strategy.select == nullptr && !dynamic;
  RunPlan plan{.num_samples = num_samples,
               .flops_per_sample = network.flops_per_sample(config.model.freeze),
               .forward_flops_per_sample = network.forward_flops_per_sample()};
  const std::uint32_t wanted =
      from_file ? context.num_selected : config.prune.keep_ratio.num_kept(num_samples);
  const bool stores_all = dynamic || strategy.keeps_all;
  const std::uint32_t fitting = fitting_samples(config, strategy, stores_all ? num_samples : wanted,
                                                context.bytes_per_sample);
  const std::uint32_t pruned = std::min(wanted, fitting);
  plan.num_kept = strategy.keeps_all ? num_samples : pruned;
  plan.num_stored = dynamic ? num_samples : plan.num_kept;
  check_batch_size(config, network, plan.num_kept);

  if (strategy.warms_up) {
    plan.warmup_iterations = context.warmup_made > 0
                                 ? context.warmup_made
                                 : warmup_iterations(config, num_samples, pruned);
    plan_scoring(config, plan);
  }
  if (strategy.needs_features) plan.scoring_forward_samples += num_samples;
  plan.training_steps = training_steps(config, strategy, plan, pruned);
  const BatchPlan pass(plan.num_kept, batch_size);
  plan.epochs = static_cast<std::uint32_t>((plan.training_steps + pass.num_batches() - 1) /
                                           pass.num_batches());
  plan.training_samples = samples_drawn(plan.training_steps, plan.num_kept, batch_size);
  plan.paper_cost_ratio = cost::paper_cost_ratio(plan.num_kept, num_samples);
  plan.cost_ratio = cost_ratio(config, plan);
  return plan;
}

std::uint32_t evaluations_left(std::uint32_t done, std::uint32_t epochs, std::uint32_t every) {
  if (done >= epochs) return 0;
  const std::uint32_t between = every == 0 ? 0 : (epochs - 1) / every - done / every;
  return between + 1;
}

bool is_evaluated_after(std::uint32_t epoch, std::uint32_t epochs, std::uint32_t every) {
  return evaluations_left(epoch - 1, epochs, every) > evaluations_left(epoch, epochs, every);
}

}  // namespace edgeprune::run
