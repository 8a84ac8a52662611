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
    const run::RunDirectory run = begin_run(load_config(*options), *options);
    show_results(run.config, *options, run_watched(run, *options, run::Phase::done));
  });
}

}  // namespace edgeprune::cli
