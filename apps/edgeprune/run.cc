#include "commands.h"
#include "run_options.h"

namespace edgeprune::cli {

void add_run(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Score, select and train, all in one");
  add_new_run_options(*command, *options);
  command
      ->add_option("--controls", options->controls,
                   "Repeat the run under these strategies and compare, e.g. "
                   "full,random,random_scratch,short")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->callback([options] {
    const config::ResolvedConfig config = load_config(*options);
    begin_run(config, *options);
    show_results(config, *options, run_watched(config, *options, run::Phase::done));
  });
}

}  // namespace edgeprune::cli
