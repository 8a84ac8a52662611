#include "edgeprune/compare/comparison.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/units.h"
#include "edgeprune/plan/accuracy_curve.h"
#include "edgeprune/plan/cost_plan_json.h"
#include "edgeprune/plan/cost_plan_page.h"
#include "edgeprune/plan/cost_plan_table.h"
#include "edgeprune/plan/pilot.h"
#include "edgeprune/plan/recommendation.h"

#include "commands.h"
#include "output.h"
#include "progress.h"
#include "run_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>
#include <unistd.h>

namespace edgeprune::cli {
namespace {

struct PlanOptions : RunOptions {
  std::string profile;
  bool list_profiles = false;
  std::vector<std::string> keep_ratios = {"0.1", "0.2", "0.3", "0.5", "0.8", "1"};
  std::string html;
  cost::Weights weights;
  std::string curve;
  std::string curve_setting;
  bool pilot = false;
  std::string pilot_directory = "pilot";
  std::string devices;

  [[nodiscard]] bool is_weighted() const {
    return weights.per_second > 0 || weights.per_joule > 0 || weights.per_byte > 0;
  }
};

std::string list_text() {
  std::string text;
  for (const std::string& name : cost::shipped_profiles()) {
    text += fmt::format("{:<18} {}\n", name, cost::read_device_profile(name).description);
  }
  return text;
}

cost::DeviceProfile profile_for(const PlanOptions& options, const config::Config& config) {
  const std::string& name = options.profile.empty() ? config.device.profile : options.profile;
  if (!name.empty()) return cost::read_device_profile(name);
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("no device profile: measure this machine with `edgeprune calibrate`, then give "
                  "--profile profile.toml; or name a shipped one: {}",
                  fmt::join(cost::shipped_profiles(), ", ")));
}

std::vector<core::KeepRatio> parsed(const std::vector<std::string>& texts) {
  std::vector<core::KeepRatio> ratios;
  for (const std::string& text : texts) ratios.push_back(core::KeepRatio::parse(text));
  return ratios;
}

std::string weighted_text(const PlanOptions& options) {
  const cost::Weights& weights = options.weights;
  std::string text = fmt::format(" --lambda-seconds {:g} --lambda-joules {:g} --lambda-bytes {:g}",
                                 weights.per_second, weights.per_joule, weights.per_byte);
  if (options.pilot) text += fmt::format(" --pilot --pilot-dir {}", options.pilot_directory);
  if (!options.curve.empty()) text += " --curve " + options.curve;
  if (!options.curve_setting.empty()) {
    text += fmt::format(" --curve-setting '{}'", options.curve_setting);
  }
  if (!options.devices.empty()) text += " --devices " + options.devices;
  return text;
}

std::string command_text(const PlanOptions& options) {
  std::string text = fmt::format("edgeprune plan {}", options.config_path);
  for (const std::string& field : options.overrides) text += fmt::format(" --set '{}'", field);
  if (!options.profile.empty()) text += " --profile " + options.profile;
  text += fmt::format(" --keep-ratios {}", fmt::join(options.keep_ratios, ","));
  if (options.is_weighted()) text += weighted_text(options);
  return fmt::format("{} --html {}", text, options.html);
}

void require_weighted(const PlanOptions& options) {
  if (options.is_weighted()) {
    if (options.pilot != options.curve.empty()) {
      throw core::Error(core::ErrorKind::usage,
                        "a lambda needs an accuracy curve: --curve FILE, as edgeprune compare "
                        "writes it, or --pilot, which measures one; not both");
    }
    return;
  }
  if (options.pilot || !options.curve.empty() || !options.devices.empty()) {
    throw core::Error(core::ErrorKind::usage,
                      "--curve, --pilot and --devices serve the weighted objective; give "
                      "--lambda-seconds, --lambda-joules or --lambda-bytes");
  }
}

// Before anything is predicted: a page of an earlier plan is replaced, nothing else.
void require_page(const std::string& path) {
  if (path.empty() || !std::filesystem::exists(path)) return;
  constexpr std::size_t kHead = 400;
  if (core::read_file(path).substr(0, kHead).find("<title>edgeprune plan: ") != std::string::npos) {
    return;
  }
  throw core::Error(core::ErrorKind::usage,
                    fmt::format("--html {}: exists and is no page of edgeprune plan, so it is not "
                                "replaced; name another",
                                path));
}

// As a comparison's table calls the configured strategy.
std::string curve_strategy(const config::Config& config) {
  compare::StrategySpec spec{.strategy = config.prune.strategy, .score = config.prune.score};
  if (config.prune.per_class != select::PerClass::none) {
    spec.per_class = select::name_of(config.prune.per_class);
  }
  return spec.text();
}

double predicted_seconds(const plan::RunCosts& costs,
                         const std::vector<config::ResolvedConfig>& runs) {
  double seconds = 0;
  for (const config::ResolvedConfig& run : runs) {
    seconds += plan::RunCosts(run, costs.profile()).at().total().seconds;
  }
  return seconds;
}

std::vector<cost::CurvePoint> pilot_curve(const PlanOptions& options, const plan::RunCosts& costs) {
  watch_signals();
  Progress progress(isatty(STDERR_FILENO) != 0);
  CommandsOnly commands;
  run::Events& events = options.quiet ? static_cast<run::Events&>(commands) : progress;
  const plan::PilotOptions how{.directory = options.pilot_directory,
                               .stop = &stop_flag(),
                               .events = &events,
                               .runs_commands = !options.no_commands};
  const auto runs = plan::pilot_runs(costs.config(), how);
  if (!options.quiet) {
    say(
        fmt::format("pilot: {} runs of {} epochs in {}, on this machine; on {} they would take {} "
                    "(predicted)\n",
                    runs.size(), runs.front()->train.epochs, options.pilot_directory,
                    costs.profile().name, core::format_seconds(predicted_seconds(costs, runs))));
  }
  const plan::PilotResult result = plan::run_pilot(costs.config(), how);
  if (!options.quiet) {
    say(fmt::format("pilot: took {} (measured)\n", core::format_seconds(result.seconds)));
  }
  return result.curve;
}

plan::Recommended recommendations(const PlanOptions& options, const plan::RunCosts& costs) {
  plan::RecommendationInput input{.costs = costs, .weights = options.weights};
  if (!options.devices.empty()) input.fleet = plan::read_fleet(options.devices);
  input.curve = options.pilot ? pilot_curve(options, costs)
                              : plan::read_accuracy_curve(
                                    options.curve, {.strategy = curve_strategy(*costs.config()),
                                                    .setting = options.curve_setting});
  return plan::recommend(input);
}

void plan(const PlanOptions& options) {
  if (options.list_profiles) {
    print(list_text());
    return;
  }
  require_weighted(options);
  require_page(options.html);
  const config::ResolvedConfig config = load_config(options);
  const plan::RunCosts costs(config, profile_for(options, *config));
  const plan::CostPlan plan = plan::make_cost_plan(costs, parsed(options.keep_ratios));
  std::optional<plan::Recommended> recommended;
  if (options.is_weighted()) recommended = recommendations(options, costs);
  if (!options.html.empty()) {
    core::write_file_atomically(
        options.html,
        plan::cost_plan_html(plan, command_text(options), recommended ? &*recommended : nullptr));
  }
  if (!recommended) {
    print(options.json ? plan::cost_plan_json(plan) : plan::cost_plan_table(plan));
    return;
  }
  print(options.json ? plan::recommendation_json(*recommended)
                     : plan::cost_plan_table(plan) + plan::recommendation_table(*recommended));
}

}  // namespace

void add_plan(CLI::App& app) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App* command = app.add_subcommand(
      "plan", "Predict time, energy, storage and memory on a device, and what fits a budget");
  add_configuration_options(*command, *options);
  command->add_option("--profile", options->profile,
                      "The device: a shipped profile's name or a file (or device.profile)");
  command->add_flag("--list-profiles", options->list_profiles, "Print the shipped profiles");
  command->add_option("--keep-ratios", options->keep_ratios, "The rows of the table, e.g. 0.1,0.5")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--html", options->html, "Write the plan as a page with plots");
  const auto add_weight = [&](const char* option, double& weight, const char* description) {
    command->add_option(option, weight, description)->check(is_in_range(0, 1e15));
  };
  add_weight("--lambda-seconds", options->weights.per_second,
             "The weighted objective (13)-(14): what a second costs, in test error");
  add_weight("--lambda-joules", options->weights.per_joule, "What a joule costs");
  add_weight("--lambda-bytes", options->weights.per_byte, "What a stored byte costs");
  command->add_option(
      "--curve", options->curve,
      "Accuracy against keep ratio: a comparison.json or .csv of edgeprune compare");
  command->add_option("--curve-setting", options->curve_setting,
                      "Which setting of the comparison, where it has several");
  command->add_flag("--pilot", options->pilot, "Measure the curve by a few short runs, here");
  command
      ->add_option("--pilot-dir", options->pilot_directory,
                   "Where the pilot's runs lie; what is complete there is reused")
      ->capture_default_str();
  command->add_option("--devices", options->devices,
                      "Solve for several devices together: a TOML of [[device]] tables");
  add_no_commands_option(*command, *options);
  add_output_options(*command, *options);
  command->callback([options] { plan(*options); });
}

}  // namespace edgeprune::cli
