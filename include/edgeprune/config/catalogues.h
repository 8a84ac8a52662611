#pragma once
// The scores and strategies that a configuration may name: ours, or with a program's own.
//
//   select::StrategyCatalogue strategies = select::strategies();
//   strategies.add({.name = "mine", ...});
//   Config config = read_config("train.toml", {"prune.strategy=mine"});
//   config.catalogues.strategies = &strategies;
//   run_pipeline(resolve(config), {});
//
// A file holds the names alone: whoever opens a run directory that names a program's own hands the
// catalogues over again (run_directory.h). Elsewhere the name is an Error that lists what there is.

#include "edgeprune/score/scores.h"
#include "edgeprune/select/strategy.h"

#include <string_view>

namespace edgeprune::config {

/// Not owned, never null; they must outlive every configuration and run that holds them.
struct Catalogues {
  const score::ScoreCatalogue* scores = &score::scores();
  const select::StrategyCatalogue* strategies = &select::strategies();

  /// An unknown name is an Error of kind config that names `key`, the field that it stands in.
  [[nodiscard]] const score::ScoreKind& score(std::string_view name, std::string_view key) const {
    return scores->named(name, key);
  }
  /// The same for the name in prune.strategy.
  [[nodiscard]] const select::Strategy& strategy(std::string_view name) const {
    return strategies->named(name, "prune.strategy");
  }
};

}  // namespace edgeprune::config
