#include "run_options.h"

#include "edgeprune/core/units.h"
#include "edgeprune/train/run_directory.h"

#include "output.h"
#include "progress.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace edgeprune::cli {
namespace {

std::atomic<bool> stop{false};

extern "C" void on_signal(int) {
  if (stop.exchange(true)) std::_Exit(130);
}

// An unset shell variable must not stand for the defaults.
CLI::Validator not_empty() {
  return {[](const std::string& text) { return std::string(text.empty() ? "is empty" : ""); }, ""};
}

std::string share(double value) {
  return value < 0 ? "not measured" : fmt::format("{:.1f} %", 100 * value);
}

std::string account(const train::RunResult& result) {
  const train::RunPlan& plan = result.plan;
  const train::Spent& spent = result.spent;
  std::string text = fmt::format(
      "kept {} of {} samples ({} of {} stored)\n", core::format_count(plan.num_kept),
      core::format_count(plan.num_samples), core::format_bytes(result.stored_bytes_kept),
      core::format_bytes(result.stored_bytes_full));
  text += fmt::format(
      "seconds: score {:.2f}, select {:.3f}, train {:.2f}, evaluate {:.2f} (measured)\n",
      spent.score_seconds, spent.select_seconds, spent.train_seconds, spent.evaluate_seconds);
  text += fmt::format("cost ratio: {:.3f} by equation (27), {:.3f} with the warm-up (predicted)\n",
                      plan.paper_cost_ratio, plan.cost_ratio);
  if (result.reached == train::Phase::done) {
    text += fmt::format("accuracy: test {}, all training samples {}, kept samples {}\n",
                        share(result.test_accuracy), share(result.train_accuracy),
                        share(result.kept_accuracy));
  }
  return text;
}

std::string stage_hint(const train::Config& config, train::Phase reached) {
  switch (reached) {
    case train::Phase::select:
      return fmt::format("scored; next: edgeprune select --run-dir {}\n", config.run.directory);
    case train::Phase::train:
      return fmt::format("selected; next: edgeprune train --run-dir {}\n", config.run.directory);
    default:
      return "";
  }
}

}  // namespace

void add_output_options(CLI::App& command, RunOptions& options) {
  command.add_flag("--json", options.json, "Print the result as JSON on standard output");
  command.add_flag("-q,--quiet", options.quiet, "Print no progress");
}

void add_new_run_options(CLI::App& command, RunOptions& options) {
  command
      .add_option("config", options.config_path,
                  "Configuration (TOML); without it, the defaults on Fashion-MNIST")
      ->check(not_empty());
  command
      .add_option("--set", options.overrides,
                  "Set a field, as section.key=value; may be given several times")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--run-dir", options.run_directory,
                     "Where the run is written (or run.directory)");
  command.add_flag("--force", options.force, "Replace a run that is already there");
  add_output_options(command, options);
}

train::Config load_config(const RunOptions& options) {
  train::Config config = train::read_config(options.config_path, options.overrides);
  if (!options.run_directory.empty()) config.run.directory = options.run_directory;
  if (!options.controls.empty()) config.run.controls = options.controls;
  return train::with_resolved_threads(train::with_absolute_paths(config));
}

const std::atomic<bool>& stop_flag() {
  return stop;
}

void watch_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGHUP, on_signal);
}

std::vector<study::ComparisonRow> run_watched(const train::Config& config,
                                              const RunOptions& options,
                                              std::optional<train::Phase> goal) {
  watch_signals();
  Progress progress(isatty(STDERR_FILENO) != 0);
  return study::run_with_controls(
      config, {.goal = goal, .stop = &stop_flag(), .events = options.quiet ? nullptr : &progress});
}

void show_results(const train::Config& config, const RunOptions& options,
                  const std::vector<study::ComparisonRow>& rows) {
  if (options.json) {
    print(study::comparison_json(rows));
    return;
  }
  const train::RunResult& result = rows.front().result;
  print(fmt::format("\n{}{}", account(result), stage_hint(config, result.reached)));
  if (rows.size() > 1) print(fmt::format("\n{}", study::comparison_table(rows)));
  print(fmt::format("run directory: {}\n", config.run.directory));
}

}  // namespace edgeprune::cli
