#include "commands.h"
#include "run_options.h"

namespace edgeprune::cli {

void add_score(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("score", "Warm up and score every sample (phase 1), then stop");
  add_new_run_options(*command, *options);
  command->callback([options] {
    const run::RunDirectory run = begin_run(load_config(*options), *options, run::Phase::select);
    show_results(run.config, *options, run_watched(run, *options, run::Phase::select));
  });
}

}  // namespace edgeprune::cli
