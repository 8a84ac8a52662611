#include "commands.h"
#include "output.h"
#include "run_options.h"

namespace edgeprune::cli {

void add_config(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  const auto markdown = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("config", "Print the configuration as a run would use it, every field");
  add_config_argument(*command, options->config_path, "Configuration (TOML)");
  add_set_option(*command, options->overrides, "Set a field; may be given several times");
  command->add_flag("--markdown", *markdown, "Print the reference of all fields instead");
  command->callback([options, markdown] {
    print(*markdown
              ? config::config_reference_markdown()
              : config::to_toml(config::read_config(options->config_path, options->overrides)));
  });
}

}  // namespace edgeprune::cli
