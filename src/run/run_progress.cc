#include "run_progress.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/run/run_network.h"

#include "checkpoint_fit.h"
#include "metrics_record.h"
#include "record_json.h"

#include <fmt/format.h>

#include <numeric>
#include <string_view>
#include <utility>

namespace edgeprune::run {
namespace {

constexpr std::size_t kLongestEngine = 200;  // in a notice: the checkpoint says what it likes

}  // namespace

RunProgress::RunProgress(RunSetup& setup, nn::Model first_model, budget::UsageMeter& spending)
    : scores(setup.make_scores()),
      sampler(setup.make_sampler()),
      trainer(setup.network, std::move(first_model), setup.trainer_options(), setup.pool),
      account(spending, state.spent),
      setup_(setup) {
  if (LastLosses::are_kept_by(setup.strategy())) last_losses.emplace(setup.plan.num_samples);
  state.spent.is_metered = spending.has_meter();
  state.num_samples = setup.data.train.num_samples();
  state.dataset_hash = setup.data.train.content_hash;
  state.test_hash = setup.data.test_hash();
  state.engine = setup.engine();
  state.configuration = setup.configuration_hash(Phase::score);
}

void RunProgress::require_unchanged(const RunState& saved) const {
  const std::string directory = setup_.directory.string();
  const RunData& data = setup_.data;
  const bool has_other_data = saved.dataset_hash != data.train.content_hash;
  const bool has_other_test = !saved.test_hash.empty() && saved.test_hash != data.test_hash();
  if (has_other_data || has_other_test) {
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{}: the {} has changed since the run began; restore it",
                                  directory, has_other_data ? "data set" : "test set"),
                      {core::ErrorReason::run_unusable, directory});
  }
  if (saved.configuration == setup_.configuration_hash(saved.phase)) return;
  std::string_view changed_too;
  if (!setup_.network_hash.empty()) changed_too = ", network.toml";
  if (setup_.config.model.network == kNetworkInMemory) changed_too = ", the network in memory";
  throw core::Error(
      core::ErrorKind::run_directory,
      fmt::format("{}: its configuration ({}{}) was edited after the run began; undo that",
                  directory, kConfigFile, changed_too),
      {core::ErrorReason::run_unusable, directory});
}

std::string RunProgress::continue_from(const LoadedCheckpoint& checkpoint) {
  RunState saved = checkpoint.state;
  require_unchanged(saved);
  require_fit(checkpoint, setup_);
  require_resumable(saved, setup_.config);
  std::string notice;
  const Engine engine = setup_.engine();
  if (!computes_alike(saved.engine, engine)) {
    notice = fmt::format(
        "the run began on {} and is resumed on {}: its bits may differ from those of "
        "an uninterrupted run",
        core::printable(text_of(saved.engine), kLongestEngine), text_of(engine));
    saved.engine = engine;
  }
  trainer.restore([&](nn::Model& model, nn::OptimizerState& optimizer) {
    const std::vector<core::NamedArray> arrays = gathered(saved.phase);
    restore_arrays(checkpoint, {.model = model, .optimizer = optimizer, .gathered = arrays});
    require_fit(checkpoint, arrays);
  });
  saved.spent.is_metered = saved.spent.is_metered && state.spent.is_metered;
  state = std::move(saved);
  return notice;
}

// What scores, the last losses and a dynamic strategy's sampler know, in place. The latter two
// learn in training alone; before it, another strategy may still be chosen.
std::vector<core::NamedArray> RunProgress::gathered(Phase phase) {
  std::vector<core::NamedArray> arrays;
  if (scores) arrays = scores->state();
  if (phase < Phase::train) return arrays;
  if (last_losses) arrays.push_back(last_losses->state());
  if (setup_.strategy().sampler == nullptr) return arrays;
  for (core::NamedArray& array : core::with_prefix("sampler.", sampler->state())) {
    arrays.push_back(std::move(array));
  }
  return arrays;
}

core::Usage RunProgress::save() {
  const auto saving = account.during(core::Activity::other);
  const core::Usage before = account.total();
  write_checkpoint(setup_.files(), state,
                   {.model = trainer.model(),
                    .optimizer = trainer.optimizer_state(),
                    .gathered = gathered(state.phase)});
  last_save_ = Clock::now();
  return account.total() - before;
}

core::Usage RunProgress::save_if_due() {
  const double age = std::chrono::duration<double>(Clock::now() - last_save_).count();
  return age >= setup_.config.run.checkpoint_seconds ? save() : core::Usage();
}

void RunProgress::interrupt() {
  save();
  throw core::Error(core::ErrorKind::interrupted, "stopped; the run can be resumed",
                    {core::ErrorReason::run_resumable, setup_.directory.string()});
}

void RunProgress::enter(Phase phase) {
  state.phase = phase;
  state.configuration = setup_.configuration_hash(phase);
  state.step = 0;
  begin_pass(0);
  save();
}

void RunProgress::begin_pass(std::uint32_t epoch) {
  state.epoch = epoch;
  state.batch = 0;
  state.pass_loss_sum = 0;
  state.pass_samples = 0;
  state.expected_epochs = 0;
  state.budget.pass_has_ended = false;
}

void RunProgress::count_step(const score::Observation& step, double sample_work) {
  const auto size = static_cast<std::uint32_t>(step.samples.size());
  state.pass_loss_sum += std::accumulate(step.losses.begin(), step.losses.end(), 0.0);
  state.pass_samples += size;
  state.spent.learning_samples += size;
  state.spent.learning_work += size * sample_work + setup_.plan.stages.update_work;
  ++state.step;
  ++state.batch;
}

void RunProgress::record_pass(const EpochMetrics& evaluation) {
  const budget::RunUsage& spent = state.spent;
  const RunPlan& plan = setup_.plan;
  const bool trains = state.phase == Phase::train;
  PassRecord record{.phase = state.phase,
                    .epoch = state.epoch + 1,
                    .step = state.step,
                    .samples = trains ? state.pass_samples : state.num_samples,
                    .running_loss = state.pass_loss_sum / state.pass_samples,
                    .spent = spent};
  if (trains) {
    const std::uint64_t forward = spent.scoring_forward_samples + spent.evaluation_samples;
    record.learning_rate = state.learning_rate;
    record.spent_flops = flops(spent.learning_work, static_cast<double>(forward), plan);
    record.evaluation = evaluation;
  }
  state.metrics.push_back(std::move(record));
  write_metrics();
}

void RunProgress::record_late_evaluation(const EpochMetrics& evaluation) {
  if (state.metrics.empty()) state.metrics.emplace_back();
  state.metrics.back().evaluation = evaluation;
  state.metrics.back().is_evaluated_late = true;
  write_metrics();
}

void RunProgress::write_metrics() const {
  core::write_file_atomically(setup_.files() / kMetricsFile, metrics_text(state.metrics));
}

}  // namespace edgeprune::run
