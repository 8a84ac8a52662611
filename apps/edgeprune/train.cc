#include "edgeprune/core/error.h"
#include "edgeprune/run/run_directory.h"

#include "commands.h"
#include "run_options.h"

#include <filesystem>

namespace edgeprune::cli {
namespace {

struct TrainOptions : RunOptions {
  std::string selection_path;
};

// A new run on an index list from outside, from the first step on.
run::RunDirectory new_run(const TrainOptions& options) {
  TrainOptions with_file = options;
  with_file.overrides.push_back("prune.strategy=file");
  with_file.overrides.push_back("prune.selection_file=" + options.selection_path);
  return begin_run(load_config(with_file), options);
}

run::RunDirectory scored_run(const TrainOptions& options) {
  if (options.run_directory.empty() || !options.config_path.empty() || !options.overrides.empty() ||
      options.force) {
    throw core::Error(core::ErrorKind::usage,
                      "train continues the run of --run-dir as it was begun; to train on an index "
                      "list of your own, add --selection FILE");
  }
  return run::open_run_directory(options.run_directory);
}

}  // namespace

void add_train(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand(
      "train", "Train on the kept samples (phase 3) of a run, or on an index list");
  add_new_run_options(*command, *options);
  command->add_option("--selection", options->selection_path,
                      "Indices to train on (.npy), from scratch");
  command->callback([options] {
    const run::RunDirectory run =
        options->selection_path.empty() ? scored_run(*options) : new_run(*options);
    show_results(run.config, *options, run_watched(run, *options, run::Phase::done));
  });
}

}  // namespace edgeprune::cli
