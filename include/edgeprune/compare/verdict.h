#pragma once
// What a comparison says, in words: which strategy is best under which constraint, whether pruning
// helps at all, and what is only noise. A pure function of the summary.
//
// Two constraints are told apart. Compute: every strategy that spends no more work than `short`
// (which spends that of `top` with its warm-up) competes, whatever it stores. Storage: every
// strategy that stores no more than the kept samples competes, whatever it spends.

#include "edgeprune/compare/summary.h"

#include <string>
#include <vector>

namespace edgeprune::compare {

struct Verdict {
  std::string setting;
  std::string keep_ratio;
  std::vector<std::string> sentences;
};
[[nodiscard]] Verdict verdict_on(const Group& group);

/// Every sentence with its setting and keep ratio before it.
[[nodiscard]] std::vector<std::string> verdict_lines(const Summary& summary);
/// The sentences under their setting and keep ratio, at most 100 columns wide.
[[nodiscard]] std::string verdict_text(const Summary& summary);

}  // namespace edgeprune::compare
