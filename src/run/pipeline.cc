#include "edgeprune/run/pipeline.h"

#include "edgeprune/core/error.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/run_command.h"

#include "begun_record.h"
#include "device_prediction.h"
#include "record_json.h"
#include "restored_files.h"
#include "run_budget.h"
#include "run_context.h"
#include "run_passes.h"
#include "run_progress.h"
#include "run_setup.h"
#include "score_phase.h"
#include "select_phase.h"
#include "stored_samples.h"
#include "train_phase.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace edgeprune::run {
namespace {

// Before anything that takes long: whoever resumes a run that is killed soon keeps to it.
void record_goal(const core::Directory& files, std::optional<Phase> goal) {
  BegunRecord begun = read_begun(files).value_or(BegunRecord());
  if (!goal || begun.goal == *goal) return;
  begun.goal = *goal;
  write_begun(files, begun);
}

// A run that nobody would find is no success.
void require_there(const core::Directory& files) {
  files.require_in_place();
  if (files.contains(kConfigFile)) return;
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: its {} was removed while the run worked; begin again",
                                files.path().string(), kConfigFile));
}

// A run under way has its weights in the checkpoint and needs `model.init` no more.
nn::Model first_model(const RunSetup& setup, bool is_under_way, const PipelineOptions& options) {
  if (is_under_way) return nn::initial_model(setup.network, setup.config.run.seed);
  std::string text;
  nn::Model model = setup.first_model(text);
  if (!text.empty()) notify(options, {NoticeKind::head_left_out, text, setup.config.model.init});
  return model;
}

// What is asked for now, or was last: that may never have reached a checkpoint.
Phase goal_of(const RunState& state, const core::Directory& files, const PipelineOptions& options) {
  if (options.goal) return *options.goal;
  const std::optional<BegunRecord> begun = read_begun(files);
  return begun ? begun->goal : state.goal;
}

void start_or_continue(RunContext& context, std::optional<LoadedCheckpoint>& saved) {
  RunState& state = context.run.state;
  if (saved) {
    context.notices(NoticeKind::corrupt_checkpoint, saved->notices);
    const std::string text = context.run.continue_from(*saved);
    if (!text.empty()) context.notice({NoticeKind::engine_changed, text});
    saved.reset();
    restore_files(context);
    if (state.stored && state.phase != Phase::done) train_on_stored(context.setup, state);
  } else {
    context.notices(context.setup.warnings());
  }
  if (state.phase != Phase::done) context.notices(context.setup.choices());
  state.goal = goal_of(state, context.setup.files(), context.options);
  if (state.phase >= state.goal) return;
  context.budget.begin();
  // A selection asked for with another keep ratio than scoring was begun with plans anew.
  context.setup.write_plan();
  context.save();
}

void run_phases(RunContext& context, RunPasses& passes) {
  const RunState& state = context.run.state;
  const auto is_next = [&](Phase phase) { return state.phase == phase && phase < state.goal; };
  try {
    if (is_next(Phase::score)) run_score_phase(context, passes);
    if (is_next(Phase::select)) run_select_phase(context, passes);
    if (is_next(Phase::train)) run_train_phase(context, passes);
  } catch (const core::Error& error) {
    if (error.kind() == core::ErrorKind::budget) context.save();
    throw;
  }
}

void add_accuracies(RunResult& result, const EpochMetrics& metrics) {
  if (metrics.kept) result.kept_accuracy = metrics.kept->accuracy;
  if (metrics.train) result.train_accuracy = metrics.train->accuracy;
  if (!metrics.test) return;
  result.test_accuracy = metrics.test->accuracy;
  result.test_loss = metrics.test->loss;
}

bool has_nothing_left(const std::optional<LoadedCheckpoint>& saved, const core::Directory& files,
                      const PipelineOptions& options) {
  return saved && saved->state.phase >= goal_of(saved->state, files, options);
}

std::unique_ptr<budget::UsageMeter> open_meter(const config::Config& config,
                                               const std::optional<cost::DeviceProfile>& device,
                                               const PipelineOptions& options,
                                               std::chrono::steady_clock::time_point begin) {
  if (!options.runs_commands) refuse_command(config);
  if (const std::string command = command_of(config); !command.empty()) {
    notify(options, {NoticeKind::command, command_notice(command), command});
  }
  return budget::measured_usage(with_power_of(device, config.energy), begin);
}

RunResult result_of(const RunContext& context) {
  const RunSetup& setup = context.setup;
  const RunState& state = context.run.state;
  const StoredBytes bytes = stored_bytes(setup.record(), state.stored);
  RunResult result{.reached = state.phase,
                   .plan = setup.plan,
                   .spent = state.spent,
                   .strategy = setup.config.prune.strategy,
                   .training_steps = context.budget.total_steps(),
                   .meters = context.meter.meters(),
                   .limits = context.budget.limits(),
                   .stored_bytes_full = bytes.full,
                   .stored_bytes_kept = bytes.kept};
  const bool has_results = state.phase == Phase::done && !state.metrics.empty();
  if (has_results) add_accuracies(result, state.metrics.back().evaluation);
  return result;
}

// From the checkpoint, or from the beginning where there is none.
RunResult run_from(std::optional<LoadedCheckpoint> saved, const RunDirectory& directory,
                   const PipelineOptions& options, const std::optional<cost::DeviceProfile>& device,
                   budget::UsageMeter& meter) {
  RunSetup setup(directory.config, saved ? &saved->state : nullptr,
                 {options.data, options.inputs, &directory.files});
  const std::optional<cost::RunCost> predicted = predicted_cost(setup, device);
  RunProgress run(setup, first_model(setup, saved.has_value(), options), meter);
  std::optional<RunPasses> passes;  // these ask the budget, and the budget them
  RunBudget budget(
      setup, timing_of(setup, device), run.state, run.account,
      {.notice = [&](const Notice& notice) { notify(options, notice); },
       .measure_forward = [&](std::uint32_t batches,
                              int times) { passes->measure_forward(batches, times); }});
  RunContext context{.options = options,
                     .setup = setup,
                     .run = run,
                     .budget = budget,
                     .meter = meter,
                     .predicted = predicted};
  passes.emplace(context);
  start_or_continue(context, saved);
  run_phases(context, *passes);
  require_there(directory.files);
  return result_of(context);
}

}  // namespace

RunResult run_pipeline(const config::ResolvedConfig& config, const PipelineOptions& options) {
  return run_pipeline(RunDirectory{core::Directory::locked(config->run.directory), config},
                      options);
}

RunResult run_pipeline(const RunDirectory& directory, const PipelineOptions& options) {
  const auto& [files, config] = directory;
  record_goal(files, options.goal);
  // From here on seconds count, and joules soon: opening the data is part of the run.
  const auto begin = std::chrono::steady_clock::now();
  const std::optional<cost::DeviceProfile> device = device_of(*config);
  for (std::vector<UnfitCheckpoint> unfit;;) {
    std::optional<LoadedCheckpoint> saved = load_checkpoint(files, unfit);
    std::unique_ptr<budget::UsageMeter> own_meter;
    if (options.spending == nullptr) {
      own_meter = has_nothing_left(saved, files, options)
                      ? budget::no_usage()
                      : open_meter(*config, device, options, begin);
    }
    try {
      return run_from(std::move(saved), directory, options, device,
                      own_meter ? *own_meter : *options.spending);
    } catch (const UnfitCheckpoint& error) {
      unfit.push_back(error);
    }
  }
}

}  // namespace edgeprune::run
