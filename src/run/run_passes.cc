#include "run_passes.h"

#include "edgeprune/core/batch_plan.h"
#include "edgeprune/core/error.h"
#include "edgeprune/nn/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace edgeprune::run {

std::uint32_t RunPasses::train(const select::Pass& samples, const PassSteps& steps) {
  RunProgress& run = context_.run;
  RunState& state = run.state;
  require_begun_within(samples);
  train::TrainingPass pass(context_.setup.data.train, samples, pass_options());
  while (true) {
    pauses_.stop_or_pause();
    if (!steps.should_continue(pass.num_batches())) break;
    const data::Batch* batch = pass.next();
    if (batch == nullptr) break;
    const auto batch_samples = static_cast<std::uint32_t>(batch->samples.size());
    state.learning_rate = learning_rate(pass.num_batches());
    const auto step = run.trainer.train_batch(*batch, state.learning_rate,
                                              pass.weights(state.batch), steps.observed);
    context_.meter.worked(budget::Work::step, batch_samples);
    run.count_step(step.observation);
    steps.on_step(step.observation);
    context_.announce_step(batch_samples);
    context_.save_if_due();
  }
  return pass.num_batches();
}

// Which samples a dynamic strategy takes, only its sampler knows, once it is restored.
void RunPasses::require_begun_within(const select::Pass& samples) const {
  const core::BatchPlan batches(static_cast<std::uint32_t>(samples.samples.size()),
                                context_.setup.config.train.batch_size);
  if (context_.run.state.batch <= batches.num_batches()) return;
  const std::string directory = context_.setup.directory.string();
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: its checkpoint is in the midst of a longer pass than this "
                                "run makes; restore it",
                                directory),
                    {core::ErrorReason::run_unusable, directory});
}

train::PassOptions RunPasses::pass_options() const {
  const RunSetup& setup = context_.setup;
  const RunState& state = context_.run.state;
  const bool trains = state.phase == Phase::train;
  data::LoaderOptions loader{.normalisation = setup.data.normalisation,
                             .seed = setup.config.run.seed,
                             .epoch = state.epoch,
                             .first_batch = state.batch,
                             .pool = context_.run.trainer.loading_pool()};
  if (trains) loader.augmentation = setup.config.train.augmentation;
  return {.purpose = trains ? core::Purpose::training_order : core::Purpose::warmup_order,
          .batch_size = setup.config.train.batch_size,
          .loader = loader};
}

// The warm-up runs at the base learning rate; the schedule spans the steps after selection.
float RunPasses::learning_rate(std::uint32_t pass_batches) const {
  const nn::Schedule& schedule = context_.setup.recipe.schedule;
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
