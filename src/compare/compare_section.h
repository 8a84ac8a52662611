#pragma once
// The section [compare] of a TOML, and what is left of the TOML without it.

#include "edgeprune/compare/comparison_parts.h"
#include "edgeprune/core/keep_ratio.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::compare {

struct CompareSection {
  std::vector<StrategySpec> strategies;
  std::vector<core::KeepRatio> keep_ratios;
  std::vector<std::uint64_t> seeds;
  std::vector<Setting> settings;
  std::vector<std::string> recipes;  // empty: as configured
  Match match = Match::kept;
  std::string configuration;  // the lines of [compare] are empty, so that the others keep theirs
};
[[nodiscard]] CompareSection read_compare_section(std::string_view toml, const std::string& file);

}  // namespace edgeprune::compare
