#include "run_passes.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/nn/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

namespace edgeprune::run {

std::uint32_t RunPasses::train(const select::Pass& samples, const PassSteps& steps) {
  RunProgress& run = context_.run;
  RunState& state = run.state;
  const std::uint32_t batches = num_batches(samples);
  const auto make_pass = [&] {
    return train::TrainingPass(context_.setup.training_data(), samples, pass_options(batches));
  };
  std::optional<train::TrainingPass> pass = make_pass();
  while (true) {
    pauses_.stop_or_pause();
    if (!steps.should_continue(batches)) break;
    const TrainingStage stage = stage_of(batches, 0);
    const data::Batch* batch = pass->next();
    if (batch == nullptr) break;
    // Another size where the budget has moved the schedule since the pass was made.
    if (batch->shape != stage.shape) batch = pass.emplace(make_pass()).next();
    const auto batch_samples = static_cast<std::uint32_t>(batch->samples.size());
    state.learning_rate = learning_rate(batches);
    const auto step = run.trainer.train_batch(*batch, state.learning_rate,
                                              pass->weights(state.batch), steps.observed);
    context_.meter.worked(budget::Work::step, batch_samples);
    run.count_step(step.observation, stage.sample_work);
    steps.on_step(step.observation);
    context_.announce_step(batch_samples);
    context_.save_if_due();
  }
  return batches;
}

core::BatchPlan RunPasses::batches_of(std::size_t num_samples) const {
  const auto count = static_cast<std::uint32_t>(num_samples);
  const config::Config& config = context_.setup.config;
  if (context_.run.state.phase == Phase::train) return training_batches(config, count);
  return {count, config.train.batch_size};
}

// Which samples a dynamic strategy takes, only its sampler knows, once it is restored.
std::uint32_t RunPasses::num_batches(const select::Pass& samples) const {
  const std::uint32_t batches = batches_of(samples.samples.size()).num_batches();
  if (context_.run.state.batch <= batches) return batches;
  const std::string directory = context_.setup.directory.string();
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: its checkpoint is in the midst of a longer pass than this "
                                "run makes; restore it",
                                directory),
                    {core::ErrorReason::run_unusable, directory});
}

// Of the step that comes so many steps after the next, as things stand.
const TrainingStage& RunPasses::stage_of(std::uint32_t pass_batches, std::uint32_t ahead) const {
  const TrainingStages& stages = context_.setup.plan.stages;
  if (context_.run.state.phase == Phase::score) return stages.warm_up;
  return stages.at(context_.budget.schedule_position(pass_batches, ahead));
}

// For batches that are made ahead of their steps.
std::vector<data::SizeFrom> RunPasses::sizes_ahead(std::uint32_t pass_batches) const {
  const TrainingStages& stages = context_.setup.plan.stages;
  if (stages.stages.size() == 1 && stages.warm_up.shape == stages.stages.back().shape) return {};
  const std::uint32_t done = context_.run.state.batch;
  std::vector<data::SizeFrom> sizes;
  for (std::uint32_t batch = done; batch < pass_batches; ++batch) {
    const core::SampleShape& shape = stage_of(pass_batches, batch - done).shape;
    const data::SizeFrom from{.first_batch = batch, .height = shape.height, .width = shape.width};
    const bool is_new =
        sizes.empty() || sizes.back().height != from.height || sizes.back().width != from.width;
    if (is_new) sizes.push_back(from);
  }
  return sizes;
}

train::PassOptions RunPasses::pass_options(std::uint32_t pass_batches) const {
  const RunSetup& setup = context_.setup;
  const RunState& state = context_.run.state;
  const bool trains = state.phase == Phase::train;
  data::LoaderOptions loader{.normalisation = setup.data.normalisation,
                             .seed = setup.config.run.seed,
                             .epoch = state.epoch,
                             .first_batch = state.batch,
                             .sizes = sizes_ahead(pass_batches),
                             .pool = context_.run.trainer.loading_pool()};
  if (trains) loader.augmentation = setup.config.train.augmentation;
  return {.purpose = trains ? core::Purpose::training_order : core::Purpose::warmup_order,
          .batch_size = setup.config.train.batch_size,
          .last_batch = trains ? setup.config.train.last_batch : core::LastBatch::keep,
          .loader = loader};
}

// The warm-up runs at the base learning rate; the schedule spans the steps after selection.
float RunPasses::learning_rate(std::uint32_t pass_batches) const {
  const nn::Schedule& schedule = context_.setup.config.train.schedule;
  if (context_.run.state.phase == Phase::score) return schedule.base_learning_rate;
  return schedule.at(context_.budget.schedule_position(pass_batches),
                     static_cast<double>(context_.setup.plan.training_steps));
}

train::Evaluation RunPasses::evaluate(const data::Dataset& dataset,
                                      std::span<const std::uint32_t> samples,
                                      const train::EvaluateOptions& options) {
  RunProgress& run = context_.run;
  const core::Usage before = run.account.total();
  train::Evaluation evaluation =
      run.trainer.evaluate(dataset, samples, context_.setup.data.normalisation, options);
  context_.meter.worked(budget::Work::forward, samples.size());
  context_.budget.record_forward(run.account.total() - before, samples.size());
  context_.budget.end_step_timing();
  return evaluation;
}

void RunPasses::measure_forward(std::uint32_t batches, int times) {
  const RunSetup& setup = context_.setup;
  const auto evaluating = context_.run.account.during(core::Activity::evaluate);
  auto samples = data::all_samples(setup.data.train);
  samples.resize(
      std::min<std::size_t>(samples.size(), std::size_t{batches} * setup.config.train.batch_size));
  for (int i = 0; i < times; ++i) {
    (void)context_.unless_stopped(
        [&] { return evaluate(setup.data.train, samples, {context_.stop_check()}); });
    context_.run.state.spent.measuring_samples += samples.size();
  }
}

}  // namespace edgeprune::run
