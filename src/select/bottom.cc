// bottom: keep the M easiest samples.
//
//   S = the M lowest scores, ties by the smaller index
//
// Source: the opposite end of equation (15). Easy samples suit small budgets best (Sorscher et al.,
// "Beyond neural scaling laws", NeurIPS 2022), and wrong labels are rarely among them.
// Direction: low = keep. Deterministic. O(N) time, 4 bytes per kept sample.

#include "edgeprune/select/ranking.h"
#include "edgeprune/select/selectors.h"

namespace edgeprune::select {

std::vector<std::uint32_t> select_bottom(const SelectionInput& input) {
  return best_samples(input.scores, input.num_kept, Prefer::lowest);
}

}  // namespace edgeprune::select
