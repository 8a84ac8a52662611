// middle: keep the M samples around the median of the scores.
//
//   S = all but the floor((N - M) / 2) hardest and the ceil((N - M) / 2) easiest
//
// Source: this project; a rank, not a distance, so that S depends on the order of the scores alone.
// Leaves out what is redundant (easy) and what may be mislabelled (hard) alike.
// Direction: middle = keep. Deterministic. O(N) time, at most 8 bytes per sample.

#include "edgeprune/select/ranking.h"
#include "edgeprune/select/selectors.h"

#include <algorithm>
#include <iterator>

namespace edgeprune::select {

std::vector<std::uint32_t> select_middle(const SelectionInput& input) {
  const std::uint32_t num_hardest = (input.num_samples - input.num_kept) / 2;
  const Samples harder = best_samples(input.scores, num_hardest + input.num_kept, Prefer::highest);
  const Samples hardest = best_samples(input.scores, num_hardest, Prefer::highest);
  Samples kept;
  kept.reserve(input.num_kept);
  std::set_difference(harder.begin(), harder.end(), hardest.begin(), hardest.end(),
                      std::back_inserter(kept));
  return kept;
}

}  // namespace edgeprune::select
