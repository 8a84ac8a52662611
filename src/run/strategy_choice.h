#pragma once
// Which strategy a run follows: the one that is configured, or what `auto` settles on.

#include "edgeprune/config/config.h"
#include "edgeprune/select/auto_strategy.h"
#include "edgeprune/select/strategy.h"

#include <cstdint>
#include <string>
#include <vector>

namespace edgeprune::run {

struct StrategyChoice {
  const select::Strategy* strategy = nullptr;
  select::PerClass per_class = select::PerClass::none;
  std::string reason;  // empty where the configuration names the strategy itself
  std::string recipe;  // what train.recipe auto has chosen; empty where it is as given
};

/// Before the data are known: the strategies that the run may come to follow.
[[nodiscard]] std::vector<const select::Strategy*> possible_strategies(
    const config::Config& config);

/// `label_noise`: what the share of wrong labels surely exceeds, by the warm-up; -1 before it.
[[nodiscard]] StrategyChoice choose_run_strategy(const config::Config& config, double label_noise);

}  // namespace edgeprune::run
