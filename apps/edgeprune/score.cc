#include "commands.h"
#include "run_options.h"

namespace edgeprune::cli {

void add_score(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("score", "Warm up and score every sample (phase 1), then stop");
  add_new_run_options(*command, *options);
  command->callback([options] {
    const config::ResolvedConfig config = load_config(*options);
    begin_run(config, *options);
    show_results(config, *options, run_watched(config, *options, run::Phase::select));
  });
}

}  // namespace edgeprune::cli
