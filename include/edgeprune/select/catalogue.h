#pragma once
// The tables of strategies and scores, for people, programs and docs/strategies.md. Made of our
// catalogues alone, so that they never say something else than what runs.
//
// Two lines of catalogue_text():
//
//   strategy           what                                   needs               source
//   top                the paper's rule: keep the M hardest   warm-up: loss       Algorithm 1, ...

#include "edgeprune/select/strategy.h"

#include <string>

namespace edgeprune::select {

/// What a strategy needs beyond samples and labels: "warm-up: loss", "warm-up, features",
/// "all data stored", "nothing".
[[nodiscard]] std::string needs_of(const Strategy& strategy);

/// Both tables, in at most 100 columns.
[[nodiscard]] std::string catalogue_text();
/// Every field of both: {"strategies": [...], "scores": [...]}.
[[nodiscard]] std::string catalogue_json();
/// docs/strategies.md.
[[nodiscard]] std::string catalogue_markdown();

/// One strategy in full, in at most 100 columns.
[[nodiscard]] std::string strategy_text(const Strategy& strategy);
/// Its object as in catalogue_json.
[[nodiscard]] std::string strategy_json(const Strategy& strategy);

}  // namespace edgeprune::select
