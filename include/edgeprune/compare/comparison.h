#pragma once
// What is compared: strategies x keep ratios x seeds x settings on one device, from one TOML.
//
//   [compare]                                   # beside the sections of a configuration
//   strategies = ["top", "top:el2n", "stratified:el2n:proportional"]
//   keep_ratios = [0.1, 0.5]
//   seeds = 3                                   # 1, 2, 3; or a list
//   settings = ["data.train_limit=5000"]        # or [[compare.settings]], docs/comparison.md
//   match = "kept"                              # or "cost"
//
// The controls `full`, `random`, `random_scratch` and `short` are always in. A mistake is an Error
// of kind config with its place: "compare.toml:7: compare.seeds is 0; it must be ...".

#include "edgeprune/config/config.h"
#include "edgeprune/core/keep_ratio.h"

#include <array>
#include <cstdint>
#include <filesystem>
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

struct Comparison {
  std::string file;           // what it was read from, for messages
  std::string configuration;  // the TOML without [compare], its lines where they were
  std::vector<std::string> overrides;
  std::vector<StrategySpec> strategies;  // the controls first, no two alike
  std::vector<core::KeepRatio> keep_ratios;
  std::vector<std::uint64_t> seeds;
  std::vector<Setting> settings;
  Match match = Match::kept;

  /// The configuration under a setting and further overrides.
  [[nodiscard]] config::Config config(const Setting& setting,
                                      const std::vector<std::string>& more = {}) const;
};

[[nodiscard]] Comparison read_comparison(const std::filesystem::path& path,
                                         const std::vector<std::string>& overrides = {});
/// The same from memory; `file` stands for it in messages.
[[nodiscard]] Comparison parse_comparison(std::string_view toml, const std::string& file,
                                          const std::vector<std::string>& overrides = {});

}  // namespace edgeprune::compare
