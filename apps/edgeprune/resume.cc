#include "edgeprune/run/run_directory.h"

#include "commands.h"
#include "run_options.h"

namespace edgeprune::cli {

void add_resume(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("resume", "Continue a run that was stopped or killed, with the same bits");
  command->add_option("run", options->run_directory, "Its run directory")->required();
  add_set_option(*command, options->overrides, "Change a budget, pause, meter or limit");
  add_no_commands_option(*command, *options);
  add_output_options(*command, *options);
  command->callback([options] {
    const run::RunDirectory run =
        options->overrides.empty() ? run::open_run_directory(options->run_directory)
                                   : run::change_limits(options->run_directory, options->overrides);
    show_results(run.config, *options, run_watched(run, *options, std::nullopt));
  });
}

}  // namespace edgeprune::cli
