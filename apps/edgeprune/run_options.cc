#include "run_options.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"
#include "edgeprune/run/new_run.h"
#include "edgeprune/run/run_command.h"
#include "edgeprune/run/run_directory.h"

#include "output.h"
#include "progress.h"

#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace edgeprune::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<bool> paused{false};

extern "C" void on_signal(int) {
  if (stop.exchange(true)) std::_Exit(130);
}

extern "C" void on_pause(int signal) {
  paused.store(signal == SIGUSR1);
}

std::string share(double value) {
  return value < 0 ? "not measured" : fmt::format("{:.1f} %", 100 * value);
}

// "budget: 98.7 of 100 s used (measured)"
std::string budget_line(double used, double limit, const std::string& unit_and_kind) {
  return limit > 0 ? fmt::format("budget: {:.4g} of {:.4g} {}\n", used, limit, unit_and_kind) : "";
}

std::string energy_lines(const run::RunResult& result) {
  const budget::RunUsage& spent = result.spent;
  if (!spent.is_metered) return "joules: not measured (no meter)\n";
  return fmt::format(
      "joules: score {:.2f}, select {:.2f}, train {:.2f}, evaluate {:.2f}, other {:.2f} ({})\n",
      spent.of(core::Activity::score).joules, spent.of(core::Activity::select).joules,
      spent.of(core::Activity::train).joules, spent.of(core::Activity::evaluate).joules,
      spent.of(core::Activity::other).joules,
      result.meters.empty() ? "as recorded" : core::printable(result.meters, core::kNoLimit));
}

std::string flops_line(const run::RunResult& result) {
  const run::RunPlan& plan = result.plan;
  const auto forward =
      static_cast<double>(result.spent.scoring_forward_samples + result.spent.evaluation_samples);
  return fmt::format(
      "work: {} learning, {} forward passes (counted samples times predicted FLOPs)\n",
      core::format_quantity(result.spent.learning_work * plan.flops_per_sample, "FLOP"),
      core::format_quantity(forward * plan.forward_flops_per_sample, "FLOP"));
}

std::string account(const run::RunResult& result) {
  const run::RunPlan& plan = result.plan;
  const budget::RunUsage& spent = result.spent;
  std::string text = fmt::format(
      "kept {} of {} samples ({} of {} stored)\n", core::format_count(plan.num_kept),
      core::format_count(plan.num_samples), core::format_bytes(result.stored_bytes_kept),
      core::format_bytes(result.stored_bytes_full));
  text += fmt::format(
      "seconds: score {:.2f}, select {:.3f}, train {:.2f}, evaluate {:.2f}, other {:.2f} "
      "(measured)\n",
      spent.of(core::Activity::score).seconds, spent.of(core::Activity::select).seconds,
      spent.of(core::Activity::train).seconds, spent.of(core::Activity::evaluate).seconds,
      spent.of(core::Activity::other).seconds);
  text += energy_lines(result) + flops_line(result);
  text += budget_line(spent.total().seconds, result.limits.seconds, "s used (measured)");
  text +=
      budget_line(spent.total().joules, result.limits.joules,
                  result.meters.empty()
                      ? "J used"
                      : fmt::format("J used ({})", core::printable(result.meters, core::kNoLimit)));
  text += fmt::format("cost ratio: {:.3f} by equation (27), {:.3f} with the warm-up (predicted)\n",
                      plan.paper_cost_ratio, plan.cost_ratio);
  if (result.reached == run::Phase::done) {
    text += fmt::format("accuracy: test {}, all training samples {}, kept samples {}\n",
                        share(result.test_accuracy), share(result.train_accuracy),
                        share(result.kept_accuracy));
  }
  return text;
}

std::string stage_hint(const config::Config& config, run::Phase reached) {
  const std::string directory = core::printable(config.run.directory, core::kNoLimit);
  switch (reached) {
    case run::Phase::select:
      return fmt::format("scored; next: edgeprune select --run-dir {}\n", directory);
    case run::Phase::train:
      return fmt::format("selected; next: edgeprune train --run-dir {}\n", directory);
    default:
      return "";
  }
}

}  // namespace

void add_no_commands_option(CLI::App& command, RunOptions& options) {
  command.add_flag("--no-commands", options.no_commands,
                   "Refuse to run what the configuration names (energy.command)");
}

void add_output_options(CLI::App& command, RunOptions& options) {
  command.add_flag("--json", options.json, "Print the result as JSON on standard output");
  command.add_flag("-q,--quiet", options.quiet, "Print no progress");
}

// An unset shell variable must not stand for the defaults or the current directory.
CLI::Validator is_path() {
  return {[](const std::string& text) { return std::string(text.empty() ? "is empty" : ""); }, ""};
}

namespace {

// The second field of one --set is no file.
CLI::Validator is_no_field() {
  return {[](const std::string& text) -> std::string {
            std::error_code ignored;
            if (text.find('=') == std::string::npos) return "";
            if (std::filesystem::exists(text, ignored)) return "";
            return text + " is no file; write --set before each section.key=value";
          },
          ""};
}

}  // namespace

CLI::Option* add_config_argument(CLI::App& command, std::string& path,
                                 const std::string& description) {
  return command.add_option("config", path, description)->check(is_path())->check(is_no_field());
}

CLI::Validator is_not_negative() {
  return {[](const std::string& text) -> std::string {
            double value = 0;
            const bool is_number = CLI::detail::lexical_cast(text, value);
            if (is_number && std::isfinite(value) && value >= 0) return "";
            return fmt::format("{} is not a number of at least 0", core::printable(text));
          },
          "at least 0"};
}

CLI::Validator is_in_range(double least, double most) {
  return {[least, most](const std::string& text) -> std::string {
            double value = 0;
            const bool is_number = CLI::detail::lexical_cast(text, value);
            if (is_number && value >= least && value <= most) return "";
            return fmt::format("{} is not in [{}, {}]", core::printable(text), least, most);
          },
          fmt::format("in [{}, {}]", least, most)};
}

void add_set_option(CLI::App& command, std::vector<std::string>& overrides,
                    const std::string& description) {
  command.add_option("--set", overrides, description)
      ->type_name("SECTION.KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
}

void add_configuration_options(CLI::App& command, RunOptions& options) {
  add_config_argument(command, options.config_path,
                      "Configuration (TOML); without it, the defaults on Fashion-MNIST");
  add_set_option(command, options.overrides, "Set a field; may be given several times");
}

void add_new_run_options(CLI::App& command, RunOptions& options) {
  add_configuration_options(command, options);
  command.add_option("--run-dir", options.run_directory,
                     "Where the run is written (or run.directory)");
  command.add_flag("--force", options.force, "Replace a run that is already there");
  add_no_commands_option(command, options);
  add_output_options(command, options);
}

config::ResolvedConfig load_config(const RunOptions& options) {
  config::Config config = config::read_config(options.config_path, options.overrides);
  if (!options.run_directory.empty()) config.run.directory = options.run_directory;
  if (!options.controls.empty()) config.run.controls = options.controls;
  return config::resolve(std::move(config));
}

run::RunDirectory begin_run(const config::ResolvedConfig& config, const RunOptions& options,
                            run::Phase goal) {
  compare::require_controls(*config);
  if (options.no_commands) run::refuse_command(*config);
  return run::prepare_run_directory(config, options.force, nullptr, goal);
}

const std::atomic<bool>& stop_flag() {
  return stop;
}

void watch_signals() {
  // What nohup, or a shell that starts a job in the background, has set to be ignored stays so.
  for (const int number : {SIGINT, SIGHUP}) {
    if (std::signal(number, SIG_IGN) != SIG_IGN) std::signal(number, on_signal);
  }
  std::signal(SIGTERM, on_signal);
  std::signal(SIGUSR1, on_pause);
  std::signal(SIGUSR2, on_pause);
}

std::vector<compare::ControlsRow> run_watched(const run::RunDirectory& run,
                                              const RunOptions& options,
                                              std::optional<run::Phase> goal) {
  watch_signals();
  Progress progress(isatty(STDERR_FILENO) != 0);
  CommandsOnly commands;
  run::Events& events = options.quiet ? static_cast<run::Events&>(commands) : progress;
  return compare::run_with_controls(run, {.goal = goal,
                                          .stop = &stop_flag(),
                                          .pause = &paused,
                                          .events = &events,
                                          .runs_commands = !options.no_commands});
}

void show_results(const config::ResolvedConfig& config, const RunOptions& options,
                  const std::vector<compare::ControlsRow>& rows) {
  if (options.json) {
    print(compare::controls_json(rows));
    return;
  }
  const run::RunResult& result = rows.front().result;
  print(fmt::format("\n{}{}", account(result), stage_hint(*config, result.reached)));
  if (rows.size() > 1) print(fmt::format("\n{}", compare::controls_table(rows)));
  print(fmt::format("run directory: {}\n", core::printable(config->run.directory, core::kNoLimit)));
}

}  // namespace edgeprune::cli
