// top: keep the M hardest samples: by default, those with the highest average warm-up loss.
//
//   S = Top-M of alpha, ties by the smaller index          equations (15), (18)-(20), Algorithm 1
//
// Direction: high = hard = keep. Deterministic. O(N) time, 4 bytes per kept sample.
// Measured: at small keep ratios this rule loses to a random subset at equal cost (docs/method.md).

#include "edgeprune/select/ranking.h"
#include "edgeprune/select/selectors.h"

namespace edgeprune::select {

std::vector<std::uint32_t> select_top(const SelectionInput& input) {
  return best_samples(input.scores, input.num_kept, Prefer::highest);
}

}  // namespace edgeprune::select
