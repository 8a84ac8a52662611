#pragma once
// What a comparison is made of: strategies with their scores and quotas, settings, and what the
// cells of one keep ratio have in common.

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::compare {

/// The controls of every comparison, in the order of its tables.
inline constexpr std::array<std::string_view, 4> kControls = {"full", "random", "random_scratch",
                                                              "short"};

/// `strategy[:score[:per_class]]`; without them, the strategy's own score and no quotas.
struct StrategySpec {
  std::string strategy;
  std::string score;
  std::string per_class;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<std::string> overrides() const;
};
[[nodiscard]] StrategySpec parse_strategy_spec(std::string_view text);

/// What the cells of one keep ratio have in common.
enum class Match {
  kept,  // kept samples and epochs
  cost,  // work: as much as `top` with its warm-up
};
[[nodiscard]] std::string_view name_of(Match match);
[[nodiscard]] Match parse_match(std::string_view text);

/// The device under other circumstances: overrides of the configuration.
struct Setting {
  std::string name;
  std::vector<std::string> overrides;  // "section.key=value"
};

}  // namespace edgeprune::compare
