#pragma once
// What is compared: strategies x keep ratios x seeds x settings on one device, from one TOML.
//
//   [compare]                                   # beside the sections of a configuration
//   strategies = ["top", "top:el2n", "stratified:el2n:proportional"]
//   keep_ratios = [0.1, 0.5]
//   seeds = 3                                   # 1, 2, 3; or a list
//   settings = ["data.train_limit=5000"]        # or [[compare.settings]], docs/comparison.md
//   recipes = ["as_given", "auto"]              # every setting under each train.recipe
//   match = "kept"                              # or "cost"
//
// The controls `full`, `random`, `random_scratch` and `short` are always in. A mistake is an Error
// of kind config with its place: "compare.toml:7: compare.seeds is 0; it must be ...".

#include "edgeprune/compare/comparison_parts.h"
#include "edgeprune/config/config.h"
#include "edgeprune/core/keep_ratio.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::compare {

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

/// `recipes`, where there are any, replace those of the file.
[[nodiscard]] Comparison read_comparison(const std::filesystem::path& path,
                                         const std::vector<std::string>& overrides = {},
                                         const std::vector<std::string>& recipes = {});
/// The same from memory; `file` stands for it in messages.
[[nodiscard]] Comparison parse_comparison(std::string_view toml, const std::string& file,
                                          const std::vector<std::string>& overrides = {},
                                          const std::vector<std::string>& recipes = {});

}  // namespace edgeprune::compare
