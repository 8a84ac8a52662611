#include "edgeprune/core/error.h"
#include "edgeprune/select/strategy.h"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <string>

namespace edgeprune::select {
namespace {

constexpr std::array kStrategies = {
    Strategy{.name = "top",
             .summary = "the paper's rule: warm up, keep the M highest average losses, continue",
             .source = "Algorithm 1, equations (15)-(20)",
             .direction = "high = keep",
             .warms_up = true,
             .select = select_top},
    Strategy{.name = "random",
             .summary = "control: the same warm-up, then M random samples",
             .source = "docs/method.md, controls",
             .direction = "none",
             .warms_up = true,
             .select = select_random},
    Strategy{.name = "random_scratch",
             .summary = "control: M random samples from the first step, no warm-up",
             .source = "docs/method.md, controls",
             .direction = "none",
             .select = select_random},
    Strategy{.name = "short",
             .summary = "control: all samples, as many steps in all as `top` with its warm-up",
             .source = "docs/method.md, controls",
             .direction = "none",
             .keeps_all = true,
             .duration = Duration::total_steps,
             .select = select_all},
    Strategy{.name = "full",
             .summary = "control: all samples for all epochs",
             .source = "the paper's full-data training",
             .direction = "none",
             .keeps_all = true,
             .select = select_all},
    Strategy{.name = "file",
             .summary = "the samples listed in prune.selection_file, no warm-up",
             .source = "an index list from outside",
             .direction = "none"},
};

}  // namespace

std::span<const Strategy> strategies() {
  return kStrategies;
}

const Strategy& strategy_named(std::string_view name) {
  std::string known;
  for (const Strategy& strategy : kStrategies) {
    if (strategy.name == name) return strategy;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", strategy.name);
  }
  throw core::Error(core::ErrorKind::config,
                    fmt::format("prune.strategy is \"{}\"; it must be one of {}", name, known));
}

std::vector<std::uint32_t> select_all(const SelectionInput& input) {
  std::vector<std::uint32_t> samples(input.num_samples);
  std::iota(samples.begin(), samples.end(), 0u);
  return samples;
}

}  // namespace edgeprune::select
