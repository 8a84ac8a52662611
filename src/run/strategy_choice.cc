#include "strategy_choice.h"

namespace edgeprune::run {

StrategyChoice choose_run_strategy(const config::Config& config,
                                   const std::optional<score::LabelNoise>& label_noise) {
  const config::Config::Prune& prune = config.prune;
  if (prune.strategy != "auto") {
    return {.strategy = &config.catalogues.strategy(prune.strategy), .per_class = prune.per_class};
  }
  select::AutoRequest request{.constraint = prune.constraint,
                              .keep_ratio = prune.keep_ratio.value(),
                              .reencodes = prune.store == data::Store::reencoded};
  if (label_noise) request.label_noise_lower_bound = label_noise->lower_bound();
  const select::AutoChoice choice = select::choose_strategy(request);
  return {.strategy = &config.catalogues.strategy(choice.strategy), .reason = choice.reason};
}

bool reencodes(const config::Config& config, const select::Strategy& strategy) {
  const bool stores_all = strategy.sampler != nullptr || strategy.keeps_all;
  return config.prune.store == data::Store::reencoded && !stores_all;
}

}  // namespace edgeprune::run
