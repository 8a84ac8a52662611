#include "strategy_choice.h"

namespace edgeprune::run {

std::vector<const select::Strategy*> possible_strategies(const config::Config& config) {
  return select::possible_strategies(config.prune.strategy, config.prune.constraint);
}

StrategyChoice choose_run_strategy(const config::Config& config, double label_noise) {
  const config::Config::Prune& prune = config.prune;
  if (prune.strategy != "auto") {
    return {.strategy = &select::strategy_named(prune.strategy), .per_class = prune.per_class};
  }
  const select::AutoChoice choice = select::choose_strategy({.constraint = prune.constraint,
                                                             .keep_ratio = prune.keep_ratio.value(),
                                                             .label_noise = label_noise});
  return {.strategy = &select::strategy_named(choice.strategy), .reason = choice.reason};
}

}  // namespace edgeprune::run
