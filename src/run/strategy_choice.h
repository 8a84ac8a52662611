#pragma once
// Which strategy a run follows: the one that is configured, or what `auto` settles on.

#include "edgeprune/config/config.h"
#include "edgeprune/score/label_noise.h"
#include "edgeprune/select/auto_strategy.h"
#include "edgeprune/select/strategy.h"

#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

struct StrategyChoice {
  const select::Strategy* strategy = nullptr;
  select::PerClass per_class = select::PerClass::none;
  std::string reason;  // empty where the configuration names the strategy itself
  std::string recipe;  // what train.recipe auto has chosen; empty where it is as given
};

/// `label_noise`: by the warm-up; nothing before it.
[[nodiscard]] StrategyChoice choose_run_strategy(
    const config::Config& config, const std::optional<score::LabelNoise>& label_noise);

/// Whether what the strategy keeps is re-encoded: where it drops nothing, everything stays as it
/// was read.
[[nodiscard]] bool reencodes(const config::Config& config, const select::Strategy& strategy);

}  // namespace edgeprune::run
