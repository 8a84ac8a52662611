#pragma once
// The cells of a comparison: one run for each strategy, keep ratio, seed and setting, and the
// warm-ups that they share. Arithmetic on the comparison alone; nothing is run here.
//
// A warm-up depends on neither strategy nor keep ratio, so there is one per setting and seed, and
// it gathers every score that some strategy of the comparison ranks by. `full` depends on no keep
// ratio and is there once per setting and seed.
//
// A cell's directory is named after what it is and ends with a hash of everything its result
// depends on: an edited comparison finds the cells that did not change, and never takes another's
// result for its own.

#include "edgeprune/compare/comparison.h"
#include "edgeprune/config/resolved_config.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::compare {

struct WarmUp {
  std::string setting;
  std::uint64_t seed = 0;
  config::ResolvedConfig config;  // run.directory: DIR/warm-ups/...
};

struct Cell {
  std::string setting;
  std::string strategy;        // as specified: "top:el2n"
  core::KeepRatio keep_ratio;  // 1 for `full`
  std::uint64_t seed = 0;
  config::ResolvedConfig config;       // run.directory: DIR/cells/...
  std::optional<std::size_t> warm_up;  // it starts from

  [[nodiscard]] bool is_full() const { return strategy == kControls[0]; }
  [[nodiscard]] std::string label() const;  // "top:el2n, keep ratio 0.1, seed 1"
};

struct Grid {
  std::vector<WarmUp> warm_ups;
  std::vector<Cell> cells;
};

/// The work of a run in samples of a forward and a backward pass. Under Match::cost, that of `top`
/// with its warm-up is the budget of every cell of its setting and keep ratio.
using BudgetOf = std::function<std::uint64_t(const config::ResolvedConfig& top)>;

/// Threads are those of one run. Cells come in the order setting, keep ratio, strategy, seed.
[[nodiscard]] Grid make_grid(const Comparison& comparison, const std::filesystem::path& directory,
                             std::uint32_t threads, const BudgetOf& budget_of);

}  // namespace edgeprune::compare
