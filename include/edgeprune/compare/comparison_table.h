#pragma once
// The tables of a comparison as fixed-width text, at most 100 columns: per setting and keep ratio
// the accuracies with their differences to the controls, then the costs, then how to read them.

#include "edgeprune/compare/summary.h"

#include <string>

namespace edgeprune::compare {

/// "+1.2 +- 0.5 *" in points of accuracy: a star where the 95 % interval does not hold 0, two where
/// that outlasts Holm's correction; "~" where no difference was found; without an interval the
/// difference alone.
[[nodiscard]] std::string difference_text(const statistics::PairedDifference& difference);

/// How many differences were tested, and how many would look real by chance.
[[nodiscard]] std::string tests_text(const Summary& summary);

[[nodiscard]] std::string comparison_table(const Summary& summary);

}  // namespace edgeprune::compare
