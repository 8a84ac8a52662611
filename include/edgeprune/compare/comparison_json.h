#pragma once
// comparison.json: a comparison for other programs.

#include "edgeprune/compare/comparison_parts.h"
#include "edgeprune/compare/summary.h"

#include <string>
#include <vector>

namespace edgeprune::compare {

/// Cells, groups, the verdict, and what the tests came to. A pure function of its arguments.
[[nodiscard]] std::string comparison_json(const std::vector<CellResult>& cells,
                                          const Summary& summary, Match match,
                                          const std::vector<std::string>& verdict);

}  // namespace edgeprune::compare
