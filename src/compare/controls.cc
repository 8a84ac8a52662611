#include "edgeprune/compare/controls.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/units.h"
#include "edgeprune/run/new_run.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_network.h"
#include "edgeprune/run/run_summary.h"
#include "edgeprune/select/strategy.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace edgeprune::compare {
namespace {

namespace fs = std::filesystem;

ComparisonRow make_row(run::RunResult result) {
  ComparisonRow row{.strategy = result.strategy, .result = std::move(result)};
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
  if (const fs::path file = run::network_file_of(config); !file.empty()) {
    control.model.network = file.string();
  }
  control.run.directory = (fs::path(config.run.directory) / "controls" / strategy).string();
  return config::resolve(std::move(control));
}

bool can_go_on(core::ErrorKind kind) {
  return kind == core::ErrorKind::interrupted || kind == core::ErrorKind::budget ||
         kind == core::ErrorKind::paused;
}

// A control goes on with the run that it belongs to, whose limits are its own too.
core::Error of_control(const core::Error& error, const config::Config& control,
                       const config::Config& run) {
  std::string text = error.what();
  const std::string& directory = control.run.directory;
  if (const auto at = text.find(directory); at != std::string::npos) {
    text.replace(at, directory.size(), run.run.directory);
  }
  return {error.kind(), fmt::format("control {}: {}", control.prune.strategy, text)};
}

ComparisonRow run_control(const config::Config& config, const std::string& strategy,
                          const run::PipelineOptions& options) {
  const config::ResolvedConfig control = control_config(config, strategy);
  if (!fs::exists(fs::path(control->run.directory) / run::kConfigFile)) {
    run::prepare_run_directory(control, false);
  }
  if (options.events != nullptr) options.events->on_notice(fmt::format("control: {}", strategy));
  run::PipelineOptions whole = options;
  whole.goal = run::Phase::done;
  try {
    return make_row(run::run_pipeline(control, whole));
  } catch (const core::Error& error) {
    if (!can_go_on(error.kind())) throw;
    throw of_control(error, *control, config);
  }
}

void compare_times(std::vector<ComparisonRow>& rows, const std::string& run_directory) {
  for (const ComparisonRow& full : rows) {
    if (full.strategy != "full" || full.learning_seconds <= 0) continue;
    for (ComparisonRow& row : rows) row.time_ratio = row.learning_seconds / full.learning_seconds;
    run::record_measured_time_ratio(run_directory, rows.front().time_ratio);
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

std::string percent_or_dash(double share) {
  return share < 0 ? "-" : fmt::format("{:.1f}", 100 * share);
}
std::string ratio(double value) {
  return value < 0 ? "-" : fmt::format("{:.2f}", value);
}

}  // namespace

void require_controls(const config::Config& config) {
  for (const std::string& name : config.run.controls) require_control(name);
}

std::vector<ComparisonRow> run_with_controls(const config::ResolvedConfig& config,
                                             const run::PipelineOptions& options) {
  require_controls(*config);
  std::vector<ComparisonRow> rows = {make_row(run::run_pipeline(config, options))};
  if (rows.front().result.reached != run::Phase::done) return rows;
  for (const std::string& name : config->run.controls) {
    if (name != config->prune.strategy) rows.push_back(run_control(*config, name, options));
  }
  compare_times(rows, config->run.directory);
  if (rows.size() > 1) {
    core::write_file_atomically(fs::path(config->run.directory) / "controls.json",
                                comparison_json(rows));
  }
  return rows;
}

std::string comparison_table(const std::vector<ComparisonRow>& rows) {
  std::string table =
      fmt::format("{:<15} {:>7} {:>7} {:>17} {:>8} {:>9} {:>10} {:>10}\n", "strategy", "test %",
                  "train %", "kept M of N", "steps", "seconds", "cost ratio", "time ratio");
  for (const ComparisonRow& row : rows) {
    const run::RunPlan& plan = row.result.plan;
    table += fmt::format("{:<15} {:>7} {:>7} {:>17} {:>8} {:>9.2f} {:>10} {:>10}\n", row.strategy,
                         percent_or_dash(row.result.test_accuracy),
                         percent_or_dash(row.result.train_accuracy),
                         fmt::format("{} of {}", core::format_count(plan.num_kept),
                                     core::format_count(plan.num_samples)),
                         plan.warmup_iterations + plan.training_steps, row.learning_seconds,
                         ratio(plan.cost_ratio), ratio(row.time_ratio));
  }
  return table +
         "test %, train %: accuracy on the test set and on all N samples after the last epoch\n"
         "steps, seconds:  warm-up included, evaluation apart (measured)\n"
         "cost ratio:      work of scoring and training against `full` (predicted)\n"
         "time ratio:      seconds against `full` (measured)\n";
}

std::string comparison_json(const std::vector<ComparisonRow>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  const auto known = [](double value) -> nlohmann::ordered_json {
    if (value < 0) return nullptr;
    return value;
  };
  for (const ComparisonRow& row : rows) {
    const run::RunPlan& plan = row.result.plan;
    json.push_back(
        {{"strategy", row.strategy},
         {"test_accuracy", known(row.result.test_accuracy)},
         {"test_loss", known(row.result.test_loss)},
         {"train_accuracy", known(row.result.train_accuracy)},
         {"kept_accuracy", known(row.result.kept_accuracy)},
         {"num_kept", plan.num_kept},
         {"num_samples", plan.num_samples},
         {"iterations", {{"score", plan.warmup_iterations}, {"train", plan.training_steps}}},
         {"learning_seconds", row.learning_seconds},
         {"paper_cost_ratio", plan.paper_cost_ratio},
         {"cost_ratio", plan.cost_ratio},
         {"measured_time_ratio", known(row.time_ratio)}});
  }
  return json.dump(2) + "\n";
}

}  // namespace edgeprune::compare
