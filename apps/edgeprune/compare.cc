#include "edgeprune/compare/comparison_table.h"
#include "edgeprune/compare/run_comparison.h"
#include "edgeprune/compare/verdict.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"

#include "commands.h"
#include "output.h"
#include "run_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edgeprune::cli {
namespace {

struct CompareOptions : RunOptions {
  std::string output;
  std::string match;
  std::vector<std::string> recipes;
  std::uint32_t jobs = 1;
};

std::string time_left(const compare::ComparisonEvents::Done& done) {
  if (done.seconds_left < 0.5) return "";
  return fmt::format("  about {} left", core::format_seconds(done.seconds_left));
}

class CompareProgress final : public compare::ComparisonEvents {
 public:
  void on_start(std::size_t complete, std::size_t total) override {
    say(fmt::format("{} cells{}\n", total,
                    complete > 0 ? fmt::format(", {} of them complete already", complete) : ""));
  }
  void on_warm_up(const compare::WarmUp& warm_up, const Done& done) override {
    say(fmt::format("warm-up {} of {}  {}  seed {}  {}{}\n", done.number, done.total,
                    core::printable(warm_up.setting), warm_up.seed,
                    core::format_seconds(done.seconds), time_left(done)));
  }
  void on_cell(const compare::CellResult& cell, const Done& done) override {
    say(fmt::format("cell {:>3} of {}  {}  {:<22} keep {:<5} seed {}  test {:.1f} %  {}{}\n",
                    done.number, done.total, core::printable(cell.setting),
                    core::printable(cell.strategy), cell.keep_ratio, cell.seed,
                    100 * cell.test_accuracy, core::format_seconds(done.seconds), time_left(done)));
  }
  void on_notice(const run::Notice& notice) override {
    say(fmt::format("note: {}\n", core::printable(notice.text, core::kNoLimit)));
  }
};

// With --quiet: what is about to be executed is said nevertheless.
class CompareCommandsOnly final : public compare::ComparisonEvents {
 public:
  void on_notice(const run::Notice& notice) override {
    if (notice.kind == run::NoticeKind::command) say(fmt::format("note: {}\n", notice.text));
  }
};

void show(const compare::ComparisonOutcome& outcome, const CompareOptions& options) {
  if (options.json) {
    print(outcome.json);
    return;
  }
  print(fmt::format("\n{}\n", compare::comparison_table(outcome.summary)));
  print(compare::verdict_text(outcome.summary));
  print(fmt::format("\nreport: {0}/report.html, tables: {0}/comparison.csv, comparison.json\n",
                    core::printable(options.output, core::kNoLimit)));
}

void compare(const CompareOptions& options) {
  compare::Comparison comparison =
      compare::read_comparison(options.config_path, options.overrides, options.recipes);
  if (!options.match.empty()) comparison.match = compare::parse_match(options.match);
  watch_signals();
  CompareProgress progress;
  CompareCommandsOnly commands;
  compare::ComparisonEvents& events =
      options.quiet ? static_cast<compare::ComparisonEvents&>(commands) : progress;
  std::string command =
      fmt::format("edgeprune compare {} --output {}", options.config_path, options.output);
  for (const std::string& text : options.overrides) command += fmt::format(" --set '{}'", text);
  if (!options.match.empty()) command += " --match " + options.match;
  if (!options.recipes.empty()) {
    command += fmt::format(" --recipe {}", fmt::join(options.recipes, ","));
  }
  const std::string source = core::read_file(options.config_path);
  show(compare::run_comparison(comparison, options.output,
                               {.jobs = options.jobs,
                                .stop = &stop_flag(),
                                .events = &events,
                                .runs_commands = !options.no_commands,
                                .source = source,
                                .command = command}),
       options);
}

}  // namespace

void add_compare(CLI::App& app) {
  const auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare", "Strategies x keep ratios x seeds x settings: tables, a report and a verdict");
  add_config_argument(*command, options->config_path,
                      "Configuration (TOML) with a section [compare] (docs/comparison.md)")
      ->required();
  command
      ->add_option("--output", options->output,
                   "Directory of the comparison; what is complete there is reused")
      ->check(is_path())
      ->required();
  command->add_option("--jobs", options->jobs, "Runs side by side; they share the threads")
      ->check(CLI::Range(1, 256));
  command->add_option(
      "--match", options->match,
      "kept: same kept samples and epochs; cost: same work as top with its warm-up");
  command
      ->add_option("--recipe", options->recipes,
                   "Values of train.recipe, such as as_given,auto: every setting under each")
      ->delimiter(',');
  add_set_option(*command, options->overrides, "Set a field of the configuration");
  add_no_commands_option(*command, *options);
  add_output_options(*command, *options);
  command->callback([options] { compare(*options); });
}

}  // namespace edgeprune::cli
