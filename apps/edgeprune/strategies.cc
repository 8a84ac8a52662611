#include "edgeprune/select/catalogue.h"

#include "commands.h"
#include "output.h"

namespace edgeprune::cli {
namespace {

struct StrategiesOptions {
  std::string name;
  bool json = false;
  bool markdown = false;
};

std::string answer(const StrategiesOptions& options) {
  if (options.markdown) return select::catalogue_markdown();
  if (options.name.empty()) {
    return options.json ? select::catalogue_json()
                        : select::catalogue_text() +
                              "`edgeprune strategies NAME` prints one strategy in full.\n";
  }
  const select::Strategy& strategy = select::strategy_named(options.name);
  return options.json ? select::strategy_json(strategy) : select::strategy_text(strategy);
}

}  // namespace

void add_strategies(CLI::App& app) {
  const auto options = std::make_shared<StrategiesOptions>();
  CLI::App* command =
      app.add_subcommand("strategies", "List the strategies and the scores they rank by");
  CLI::Option* name =
      command->add_option("strategy", options->name, "Print this one in full instead");
  CLI::Option* json = command->add_flag("--json", options->json, "Print every field as JSON");
  command->add_flag("--markdown", options->markdown, "Print docs/strategies.md")
      ->excludes(name)
      ->excludes(json);
  command->callback([options] { print(answer(*options)); });
}

}  // namespace edgeprune::cli
