#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/scores_file.h"
#include "edgeprune/run/select_after.h"
#include "edgeprune/select/manifest.h"
#include "edgeprune/select/strategy.h"

#include "commands.h"
#include "output.h"
#include "run_options.h"

#include <fmt/format.h>

#include <filesystem>

namespace edgeprune::cli {
namespace {

struct SelectOptions : RunOptions {
  std::string scores_path;
  std::string after;  // a run that has ended
  std::string column;
  std::string keep_ratio;
  std::string strategy;
  std::string output;
  std::uint64_t seed = 0;
};

std::vector<std::string> overrides_of(const SelectOptions& options) {
  std::vector<std::string> overrides = options.overrides;
  if (!options.keep_ratio.empty()) overrides.push_back("prune.keep_ratio=" + options.keep_ratio);
  if (!options.strategy.empty()) overrides.push_back("prune.strategy=" + options.strategy);
  return overrides;
}

// Scores alone must do: there are no labels, features or other columns beside them.
const select::Strategy& strategy_for_scores(const std::string& name) {
  const select::Strategy& strategy =
      select::strategies().named(name.empty() ? "top" : name, "--strategy");
  const bool needs_more =
      strategy.needs_features || strategy.needs_labels || !strategy.other_column.empty();
  if (strategy.select != nullptr && !needs_more) return strategy;
  throw core::Error(core::ErrorKind::usage,
                    fmt::format("the strategy {} does not select by one column of scores alone; "
                                "use it in a run, with --run-dir",
                                strategy.name));
}

void write_to(const std::string& directory, const std::vector<std::uint32_t>& kept,
              const select::Manifest& manifest) {
  if (std::filesystem::exists(std::filesystem::path(directory) / run::kConfigFile)) {
    throw core::Error(core::ErrorKind::usage,
                      fmt::format("--output {}: a run with a selection of its own; name another "
                                  "directory",
                                  directory));
  }
  core::create_directories(directory);
  const core::Directory output = core::Directory::locked(directory);
  select::require_replaceable_selection(output);
  select::write_selection(output, kept, manifest);
  print(fmt::format("kept {} of {} samples: {}/selection.npy\n", kept.size(), manifest.num_samples,
                    core::printable(directory, core::kNoLimit)));
}

void select_from_scores(const SelectOptions& options) {
  if (options.keep_ratio.empty() || options.output.empty()) {
    throw core::Error(core::ErrorKind::usage, "--scores also needs --keep-ratio and --output DIR");
  }
  if (!options.run_directory.empty() || !options.overrides.empty() || options.json) {
    throw core::Error(core::ErrorKind::usage,
                      "--scores selects from a file alone: --run-dir, --set and --json do not go "
                      "with it");
  }
  const select::Strategy& strategy = strategy_for_scores(options.strategy);
  const std::vector<float> scores = run::read_score_column(options.scores_path, options.column);
  const auto ratio = core::KeepRatio::parse(options.keep_ratio);
  const auto num_samples = static_cast<std::uint32_t>(scores.size());
  const auto kept = strategy.select({.scores = scores,
                                     .num_samples = num_samples,
                                     .num_kept = ratio.num_kept(num_samples),
                                     .seed = options.seed});
  write_to(options.output, kept,
           {.scorer = options.scores_path,
            .selector = std::string(strategy.name),
            .seed = options.seed,
            .keep_ratio = ratio.as_written(),
            .num_samples = num_samples,
            .num_kept = static_cast<std::uint32_t>(kept.size())});
}

// Of a run that stored everything, so that it need not any longer.
void select_after_run(const SelectOptions& options) {
  if (options.keep_ratio.empty() || options.strategy.empty() || options.output.empty()) {
    throw core::Error(core::ErrorKind::usage,
                      "--after also needs --strategy, --keep-ratio and --output DIR");
  }
  const bool has_others = !options.run_directory.empty() || !options.scores_path.empty() ||
                          !options.column.empty() || !options.overrides.empty() ||
                          options.seed != 0 || options.json;
  if (has_others) {
    throw core::Error(
        core::ErrorKind::usage,
        "--after goes with --strategy, --keep-ratio and --output alone: seed, quotas and "
        "data are the run's own");
  }
  const run::SelectionAfter after = run::select_after(
      run::open_run_directory(options.after),
      {.strategy = options.strategy, .keep_ratio = core::KeepRatio::parse(options.keep_ratio)});
  if (after.forward_samples > 0) {
    say(fmt::format(
        "note: {} forward samples ({}), {} of them for samples that the run never "
        "trained on\n",
        after.forward_samples, core::format_quantity(after.flops, "FLOP"), after.num_scored));
  }
  write_to(options.output, after.kept, after.manifest);
}

void select_in_run(const SelectOptions& options) {
  if (options.run_directory.empty()) {
    throw core::Error(core::ErrorKind::usage,
                      "say which run with --run-dir, or give scores with --scores FILE");
  }
  if (!options.output.empty() || !options.column.empty() || options.seed != 0) {
    throw core::Error(core::ErrorKind::usage,
                      "--output, --column and --seed go with --scores; a run keeps its own");
  }
  const run::RunDirectory run = run::change_selection(options.run_directory, overrides_of(options));
  show_results(run.config, options, run_watched(run, options, run::Phase::train));
}

}  // namespace

void add_select(CLI::App& app) {
  const auto options = std::make_shared<SelectOptions>();
  CLI::App* command =
      app.add_subcommand("select",
                         "Choose the samples to keep (phase 2), of a scored run or from a "
                         "file of scores");
  command->add_option("--run-dir", options->run_directory, "A run that `score` made");
  command->add_option("--scores", options->scores_path,
                      "Scores from elsewhere: .npy, float32, one per sample");
  command
      ->add_option("--after", options->after,
                   "A complete run that stored all samples (short, rs2, infobatch, full): choose "
                   "which to keep, by their last losses")
      ->check(is_path());
  command->add_option("--column", options->column,
                      "Which score of a run's scores.npy, with --scores");
  command->add_option("--keep-ratio", options->keep_ratio, "Share to keep, in (0, 1]");
  command->add_option("--strategy", options->strategy, "Strategy: see `edgeprune strategies`");
  command->add_option("--seed", options->seed, "Seed, with --scores")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.starts_with('-') ? text + " is negative" : std::string();
          },
          ""));
  command->add_option("--output", options->output,
                      "Directory to write to, with --scores or --after");
  add_set_option(*command, options->overrides, "Set a field that may change until the selection");
  add_no_commands_option(*command, *options);
  add_output_options(*command, *options);
  command->callback([options] {
    if (!options->after.empty()) {
      select_after_run(*options);
    } else if (options->scores_path.empty()) {
      select_in_run(*options);
    } else {
      select_from_scores(*options);
    }
  });
}

}  // namespace edgeprune::cli
