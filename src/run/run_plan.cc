#include "edgeprune/run/run_plan.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/train/resolutions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace edgeprune::run {
namespace {

using core::BatchPlan;

std::uint32_t one_pass(const config::Config& config, std::uint32_t num_samples) {
  return BatchPlan(num_samples, config.train.batch_size).num_batches();
}

// Of the budget: docs/choosing.md has what other shares came to.
constexpr double kWarmupShare = 2.0 / 3;

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

std::uint32_t warmup_iterations(const config::Config& config, const RunPlan& plan,
                                std::uint32_t num_kept) {
  if (!splits_budget(config)) return one_warmup(config, plan.num_samples);
  const std::uint32_t steps = one_pass(config, plan.num_samples);
  const auto budget = static_cast<double>(learning_budget(config, plan.num_samples, num_kept));
  const double pass =
      plan.num_samples * plan.stages.warm_up.sample_work + steps * plan.stages.update_work;
  const double passes = std::floor(kWarmupShare * budget / pass + 0.5);
  return steps * static_cast<std::uint32_t>(std::max(passes, 1.0));
}

// Steps at full size that take no more work than one warm-up.
std::uint64_t warmup_at_full_size(const config::Config& config, const RunPlan& plan) {
  const TrainingStages& stages = plan.stages;
  const double samples = static_cast<double>(plan.num_samples) / one_pass(config, plan.num_samples);
  const double share =
      (samples * stages.warm_up.sample_work + stages.update_work) / (samples + stages.update_work);
  return static_cast<std::uint64_t>(share * one_warmup(config, plan.num_samples));
}

// Samples that `steps` steps of such passes draw.
std::uint64_t samples_drawn(std::uint64_t steps, const BatchPlan& pass) {
  const std::uint64_t cut = steps % pass.num_batches();
  const std::uint64_t drawn = steps / pass.num_batches() * pass.num_drawn();
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
      samples_drawn(plan.warmup_iterations, BatchPlan(plan.num_samples, config.train.batch_size));
  plan.scoring_work = static_cast<double>(plan.scoring_samples) * plan.stages.warm_up.sample_work +
                      plan.warmup_iterations * plan.stages.update_work;
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
  return plan.scoring_work + static_cast<double>(plan.scoring_forward_samples) *
                                 plan.forward_flops_per_sample / plan.flops_per_sample;
}

// The most steps that draw no more samples than this.
std::uint64_t steps_within(double samples, const BatchPlan& pass) {
  const auto whole = static_cast<std::uint64_t>(samples);
  std::uint64_t steps = whole / pass.num_drawn() * pass.num_batches();
  const std::uint64_t rest = whole % pass.num_drawn();
  for (std::uint32_t i = 0; pass.batch(i).begin + pass.batch(i).size <= rest; ++i) ++steps;
  return steps;
}

void require_a_step(const config::Config& config, const RunPlan& plan,
                    std::uint32_t batch_samples) {
  const double step = std::ceil(batch_samples + plan.stages.update_work);
  const double least = std::ceil(scoring_spends(plan)) + step;
  if (static_cast<double>(config.budget.samples) >= least) return;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("budget.samples is {}, of which scoring takes {:.0f} and a step {:.0f}; the run "
                  "needs at least {:.0f}",
                  config.budget.samples, scoring_spends(plan), step, least));
}

// All at full size, the optimizer's own work left out. `plan` knows its warm-up; `pruned` is M
// whatever the strategy keeps.
std::uint64_t plain_steps(const config::Config& config, const select::Strategy& strategy,
                          const RunPlan& plan, std::uint32_t pruned) {
  const BatchPlan pass = training_batches(config, plan.num_kept);
  if (config.budget.samples > 0) {
    require_a_step(config, plan, pass.batch(0).size);
    const double left = static_cast<double>(config.budget.samples) - scoring_spends(plan);
    return steps_within(left, pass);
  }
  if (splits_budget(config)) {
    const auto budget = static_cast<double>(learning_budget(config, plan.num_samples, pruned));
    const double left = budget - plan.scoring_work;
    // A longer warm-up than this keep ratio asks for may have been made before it was chosen.
    return std::max(steps_within(std::max(left, 0.0), pass), std::uint64_t{1});
  }
  if (strategy.duration == select::Duration::total_steps) {
    return cost::training_iterations(config.train.epochs, pruned, config.train.batch_size) +
           warmup_at_full_size(config, plan);
  }
  return std::uint64_t{config.train.epochs} * pass.num_batches();
}

// An Error: this strategy cannot make do with fewer samples.
[[noreturn]] void refuse_strategy(const std::string& limit, std::string_view strategy,
                                  std::string_view why) {
  throw core::Error(core::ErrorKind::config,
                    fmt::format("{} but prune.strategy {} {}; take one that saves storage, such "
                                "as top, random or facility_location",
                                limit, strategy, why),
                    {core::ErrorReason::strategy_unfit});
}

void check_store(const config::Config& config) {
  if (config.prune.store == data::Store::originals && config.prune.keep_bytes > 0) {
    throw core::Error(core::ErrorKind::config,
                      "prune.keep_bytes is for prune.store \"reencoded\"; set that too, or say by "
                      "prune.keep_ratio how many originals are kept");
  }
}

bool fits(const ByteLimit& limit, std::uint32_t samples, const data::PackedSize& size) {
  return size.shared + cost::stored_bytes(samples, size.per_sample) <= limit.bytes;
}

// M, or the most samples that may stay stored within the limit, equation (9).
std::uint32_t fitting_samples(const ByteLimit& limit, std::uint32_t wanted,
                              const data::PackedSize& size) {
  if (fits(limit, wanted, size)) return wanted;
  const double least = size.shared + size.per_sample;
  if (least > limit.bytes) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{}, less than one sample; the minimum is {:.0f}", limit.text,
                                  std::ceil(least)));
  }
  return static_cast<std::uint32_t>((limit.bytes - size.shared) / size.per_sample);
}

// For a strategy that keeps everything.
void require_room(const config::Config& config, const select::Strategy& strategy,
                  std::uint32_t num_samples, const data::PackedSize& size) {
  const std::uint64_t budget = config.budget.bytes.count;
  const ByteLimit limit{.bytes = static_cast<double>(budget),
                        .text = fmt::format("budget.bytes is {}", budget)};
  if (budget == 0 || fits(limit, num_samples, size)) return;
  refuse_strategy(limit.text, strategy.name, "keeps everything stored");
}

// How many samples are asked for, whatever their bytes.
std::uint32_t wanted_samples(const config::Config& config, std::uint32_t num_samples) {
  if (config.prune.keep_bytes > 0) return num_samples;
  return config.prune.keep_ratio.num_kept(num_samples);
}

// What the steps may take: what is left of the budget, or what was configured. A recipe that is
// chosen keeps to the samples that the configuration asks for, its updates included; one that is
// given keeps to its passes.
double planned_work(const config::Config& config, const select::Strategy& strategy,
                    const RunPlan& plan, std::uint32_t pruned, std::uint64_t plain) {
  if (config.budget.samples > 0) {
    return static_cast<double>(config.budget.samples) - scoring_spends(plan);
  }
  if (config.train.recipe == train::Recipe::as_given) {
    return static_cast<double>(plain) * plan.stages.step_work(plan.stages.stages.back());
  }
  if (strategy.duration == select::Duration::total_steps && !splits_budget(config)) {
    return static_cast<double>(learning_budget(config, plan.num_samples, pruned));
  }
  return static_cast<double>(samples_drawn(plain, training_batches(config, plan.num_kept)));
}

double training_work(const RunPlan& plan, const BatchPlan& pass) {
  double work = static_cast<double>(plan.training_steps) * plan.stages.update_work;
  std::uint64_t before = 0;
  for (const TrainingStage& stage : plan.stages.stages) {
    const std::uint64_t drawn = samples_drawn(stage.end, pass);
    work += stage.sample_work * static_cast<double>(drawn - before);
    before = drawn;
  }
  return work;
}

bool is_plain(const TrainingStages& stages) {
  return stages.stages.size() == 1 && stages.update_work == 0;
}

void plan_training(const config::Config& config, const select::Strategy& strategy,
                   std::uint32_t pruned, RunPlan& plan) {
  const BatchPlan pass = training_batches(config, plan.num_kept);
  const std::uint64_t plain = plain_steps(config, strategy, plan, pruned);
  TrainingStages& stages = plan.stages;
  stages.step_samples = static_cast<double>(pass.num_drawn()) / pass.num_batches();
  stages.stages.back().end = plain;
  const double work = planned_work(config, strategy, plan, pruned, plain);
  if (!is_plain(stages)) stages.share_out(work);
  const auto settle = [&] {
    plan.training_steps = stages.num_steps();
    plan.training_work = training_work(plan, pass);
  };
  settle();
  // Batches are not all alike: a budget is kept to the sample.
  while (config.budget.samples > 0 && plan.training_work > work && stages.num_steps() > 1) {
    for (TrainingStage& stage : stages.stages) {
      stage.end = std::min(stage.end, plan.training_steps - 1);
    }
    settle();
  }
  plan.training_samples = samples_drawn(plan.training_steps, pass);
  plan.epochs = static_cast<std::uint32_t>((plan.training_steps + pass.num_batches() - 1) /
                                           pass.num_batches());
}

// `field`: where the size comes from.
nn::Network resized(const nn::Network& network, const core::SampleShape& shape,
                    std::string_view field) {
  try {
    return network.resized(shape);
  } catch (const core::Error& error) {
    throw core::Error(error.kind(),
                      fmt::format("{} does not suit the network: {}", field, error.what()));
  }
}

TrainingStage stage_at(const train::Resolution& resolution, const nn::Network& network,
                       nn::Freeze freeze, std::string_view field) {
  const core::SampleShape& full = network.shape(network.input());
  const core::SampleShape shape = train::shape_at(full, resolution.size);
  if (shape == full) return {.shape = full, .share = resolution.work};
  return {.shape = shape,
          .sample_work = resized(network, shape, field).flops_per_sample(freeze) /
                         network.flops_per_sample(freeze),
          .share = resolution.work};
}

// Where nothing warms up, nor trains for as long as with a warm-up, its size does not matter.
TrainingStages stages_of(const config::Config& config, const select::Strategy& strategy,
                         const nn::Network& network) {
  const bool has_warmup = strategy.warms_up || strategy.duration == select::Duration::total_steps;
  const double warmup_size = has_warmup ? config.score.resolution : 1;
  const nn::Freeze freeze = config.model.freeze;
  const core::SampleShape& full = network.shape(network.input());
  TrainingStages stages{
      .warm_up = stage_at({.size = warmup_size}, network, freeze, "score.resolution"),
      .update_work = nn::update_flops(config.train.optimizer, network, freeze) /
                     network.flops_per_sample(freeze)};
  for (const train::Resolution& resolution : config.train.resolutions) {
    stages.stages.push_back(stage_at(resolution, network, freeze, "train.resolutions"));
  }
  if (stages.stages.empty()) stages.stages.push_back({.shape = full});
  return stages;
}

double cost_ratio(const config::Config& config, const RunPlan& plan) {
  const double full = static_cast<double>(config.train.epochs) * plan.num_samples;
  return (scoring_spends(plan) + plan.training_work) / full;
}

}  // namespace

ByteLimit byte_limit(const config::Config& config, std::uint32_t num_samples,
                     const SampleSizes& sizes) {
  ByteLimit limit;
  if (config.prune.keep_bytes > 0) {
    limit.bytes = std::floor(config.prune.keep_bytes * sizes.original * num_samples);
    limit.text =
        fmt::format("prune.keep_bytes is {}, {:.0f} bytes", config.prune.keep_bytes, limit.bytes);
  }
  const auto budget = static_cast<double>(config.budget.bytes.count);
  if (budget > 0 && budget < limit.bytes) {
    limit = {.bytes = budget, .text = fmt::format("budget.bytes is {}", config.budget.bytes.count)};
  }
  return limit;
}

BatchPlan training_batches(const config::Config& config, std::uint32_t num_samples) {
  return {num_samples, config.train.batch_size, config.train.last_batch};
}

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
  const bool dynamic = strategy.sampler != nullptr;
  const bool from_file = strategy.select == nullptr && !dynamic;
  RunPlan plan{.num_samples = num_samples,
               .flops_per_sample = network.flops_per_sample(config.model.freeze),
               .forward_flops_per_sample = network.forward_flops_per_sample(),
               .stages = stages_of(config, strategy, network)};
  check_store(config);
  const std::uint32_t wanted =
      from_file ? context.num_selected : wanted_samples(config, num_samples);
  const ByteLimit limit = byte_limit(config, num_samples, context.sizes);
  const bool stores_all = dynamic || strategy.keeps_all;
  const data::PackedSize as_read{.per_sample = context.sizes.read};
  if (stores_all) require_room(config, strategy, num_samples, as_read);
  if (from_file && !fits(limit, wanted, context.sizes.kept)) {
    refuse_strategy(limit.text, strategy.name, "keeps more than that");
  }
  const std::uint32_t pruned = fitting_samples(limit, wanted, context.sizes.kept);
  plan.num_kept = strategy.keeps_all ? num_samples : pruned;
  plan.num_stored = dynamic ? num_samples : plan.num_kept;
  const data::PackedSize& size = stores_all ? as_read : context.sizes.kept;
  plan.stored_bytes = size.shared + cost::stored_bytes(plan.num_stored, size.per_sample);
  check_batch_size(config, network, plan.num_kept);

  if (strategy.warms_up) {
    plan.warmup_iterations =
        context.warmup_made > 0 ? context.warmup_made : warmup_iterations(config, plan, pruned);
    plan_scoring(config, plan);
  }
  if (strategy.needs_features) plan.scoring_forward_samples += num_samples;
  plan_training(config, strategy, pruned, plan);
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
