#pragma once
// Every strategy by name: what it does before training, which samples it keeps, how long it trains.
//
// A strategy is one row of the table in src/select/strategies.cc. Selectors (which samples) are a
// page each: src/select/top.cc, src/select/random.cc. Adding one touches its file, its declaration
// here, the row and its test.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace edgeprune::select {

struct SelectionInput {
  std::span<const float> scores;  // one per sample; empty where the strategy needs none
  std::uint32_t num_samples = 0;  // N
  std::uint32_t num_kept = 0;     // M
  std::uint64_t seed = 0;
};

/// Kept indices, ascending, exactly num_kept of them.
using Selector = std::vector<std::uint32_t> (*)(const SelectionInput&);

/// How long training on the kept samples lasts.
enum class Duration {
  epochs,       // E passes over the kept samples
  total_steps,  // as many steps as `top` takes with its warm-up, whatever it trains on
};

struct Strategy {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::string_view direction;  // of the score: "high = keep", or "none"
  bool warms_up = false;       // T_0 steps on all data first, continued from
  bool keeps_all = false;      // M = N, whatever the keep ratio
  Duration duration = Duration::epochs;
  Selector select = nullptr;  // null: the samples are given from outside (`file`)
};

[[nodiscard]] std::span<const Strategy> strategies();
/// An unknown name is an Error of kind config that lists the known ones.
[[nodiscard]] const Strategy& strategy_named(std::string_view name);

// The selectors.

/// Algorithm 1: the M highest scores, equation (15). Deterministic, O(N).
[[nodiscard]] std::vector<std::uint32_t> select_top(const SelectionInput& input);
/// M of N uniformly, without replacement; a function of the seed. O(N).
[[nodiscard]] std::vector<std::uint32_t> select_random(const SelectionInput& input);
[[nodiscard]] std::vector<std::uint32_t> select_all(const SelectionInput& input);

}  // namespace edgeprune::select
