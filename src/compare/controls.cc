#include "edgeprune/compare/controls.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/run/new_run.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/run/run_summary.h"
#include "edgeprune/select/strategy.h"

#include <fmt/format.h>

#include <filesystem>

namespace edgeprune::compare {
namespace {

namespace fs = std::filesystem;

ControlsRow make_row(run::RunResult result) {
  ControlsRow row{.strategy = result.strategy, .result = std::move(result)};
  const budget::RunUsage& spent = row.result.spent;
  row.learning_seconds = spent.of(core::Activity::score).seconds +
                         spent.of(core::Activity::select).seconds +
                         spent.of(core::Activity::train).seconds;
  return row;
}

config::ResolvedConfig control_config(const config::Config& config, const std::string& strategy) {
  config::Config control = config::with_defaults(
      config, [](const config::ConfigField& field) { return field.is_dropped_for_controls; });
  control.prune.strategy = strategy;
  if (strategy == "full") control.budget = {};
  // The run's own copy: the original may have changed since the run began.
  if (const auto file = run::network_file_of(config)) control.model.network = file->text();
  control.run.directory =
      (fs::path(config.run.directory) / run::kControlsDirectory / strategy).string();
  return config::resolve(std::move(control));
}

// It is the run that is resumed, whose limits are its controls' too.
core::Error of_control(const core::Error& error, const std::string& strategy,
                       const config::Config& run) {
  core::ErrorContext context = error.context();
  context.subject = run.run.directory;
  return core::Error(error.kind(), error.what(), context).of("control " + strategy);
}

ControlsRow run_control(const run::RunDirectory& run, const std::string& strategy,
                        const run::PipelineOptions& options) {
  const config::Config& config = *run.config;
  const core::Directory files =
      run.files.subdirectory(run::kControlsDirectory).subdirectory(strategy);
  const run::RunDirectory control =
      run::begin_or_continue(files, control_config(config, strategy), run::Phase::done);
  if (options.events != nullptr) {
    options.events->on_notice({run::NoticeKind::control, "control: " + strategy, strategy});
  }
  run::PipelineOptions whole = options;
  whole.goal = run::Phase::done;
  try {
    return make_row(run::run_pipeline(control, whole));
  } catch (const core::Error& error) {
    if (error.reason() != core::ErrorReason::run_resumable) throw;
    throw of_control(error, strategy, config);
  }
}

void compare_times(std::vector<ControlsRow>& rows, const core::Directory& run) {
  for (const ControlsRow& full : rows) {
    if (full.strategy != "full" || full.learning_seconds <= 0) continue;
    for (ControlsRow& row : rows) row.time_ratio = row.learning_seconds / full.learning_seconds;
    run::record_measured_time_ratio(run, rows.front().time_ratio);
    return;
  }
}

void require_control(const std::string& name) {
  const select::Strategy& strategy = select::strategies().named(name, "run.controls");
  if (strategy.select != nullptr || strategy.sampler != nullptr || name == "auto") return;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("run.controls holds \"{}\", which selects nothing by itself; leave it "
                  "out",
                  name));
}

}  // namespace

void require_controls(const config::Config& config) {
  for (const std::string& name : config.run.controls) require_control(name);
}

std::vector<ControlsRow> run_with_controls(const config::ResolvedConfig& config,
                                           const run::PipelineOptions& options) {
  return run_with_controls(
      run::RunDirectory{core::Directory::locked(config->run.directory), config}, options);
}

std::vector<ControlsRow> run_with_controls(const run::RunDirectory& run,
                                           const run::PipelineOptions& options) {
  const config::Config& config = *run.config;
  require_controls(config);
  std::vector<ControlsRow> rows = {make_row(run::run_pipeline(run, options))};
  if (rows.front().result.reached != run::Phase::done) return rows;
  for (const std::string& name : config.run.controls) {
    if (name != config.prune.strategy) rows.push_back(run_control(run, name, options));
  }
  compare_times(rows, run.files);
  if (rows.size() > 1) {
    core::write_file_atomically(run.files / run::kControlsFile, controls_json(rows));
  }
  return rows;
}

}  // namespace edgeprune::compare
