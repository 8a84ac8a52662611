// random: M of N samples, uniformly and without replacement: the control of every comparison.
//
//   S = the M samples with the highest of N independent uniform draws
//
// A function of (seed, sample) alone, so that a larger keep ratio keeps all that a smaller one
// kept. Direction: none. Deterministic for a seed. O(N) time, 12 bytes per sample.

#include "edgeprune/core/random.h"

#include "edgeprune/select/selectors.h"

#include "random_share.h"

namespace edgeprune::select {

std::vector<std::uint32_t> select_random(const SelectionInput& input) {
  core::RandomStream draws({.seed = input.seed, .purpose = core::Purpose::selection});
  return random_share(select_all(input), input.num_kept, draws);
}

}  // namespace edgeprune::select
