#pragma once
// The strategy `auto`: chosen by what the device is short of.
//
//   AutoChoice choice = choose_strategy(
//       {.constraint = Constraint::storage, .keep_ratio = 0.1, .label_noise_lower_bound = 0.02});
//   choice.strategy;   // "facility_location"
//   choice.reason;     // "short of storage, keep ratio 0.1: samples that stand for the others ..."
//
// A pure function of a few numbers. docs/choosing.md has the policy and the measurements that led
// to it.

#include "edgeprune/select/strategy.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::select {

enum class Constraint {
  compute,  // time or energy: every sample may stay stored
  storage,  // room: after selection only the kept samples are stored
};
[[nodiscard]] std::string_view name_of(Constraint constraint);

/// From here on labels count as wrong in good part. Clean ones look like as much as 0.09 to a
/// network after one pass over CIFAR-10.
inline constexpr double kMuchLabelNoise = 0.12;

struct AutoRequest {
  Constraint constraint = Constraint::compute;
  double keep_ratio = 1;
  bool reencodes = false;  // fewer bytes for each sample, so that more of them stay
  /// The share of wrong labels surely lies above it; nothing: not known yet.
  std::optional<double> label_noise_lower_bound;
};

struct AutoChoice {
  std::string_view strategy;  // a row of the strategies' table, never `auto`
  std::string reason;         // one sentence with its numbers
};

/// Every strategy that choose_strategy may answer with under this constraint. Either all of them
/// warm up or none does, so that a run knows before its first step whether to warm up.
[[nodiscard]] std::vector<std::string_view> auto_candidates(Constraint constraint);

/// The rows that a strategy's name may come to stand for: the candidates of `auto`, or the named
/// row of the catalogue. An unknown name is an Error of kind config that calls it `called`.
[[nodiscard]] std::vector<const Strategy*> possible_strategies(
    std::string_view name, Constraint constraint, const StrategyCatalogue& catalogue = strategies(),
    std::string_view called = "the strategy");

/// Without a bound on the label noise, the choice is the one made where there is little.
[[nodiscard]] AutoChoice choose_strategy(const AutoRequest& request);

}  // namespace edgeprune::select
