// random: M of N samples, uniformly and without replacement: the control of every comparison.
//
//   S = the M samples with the highest of N independent uniform draws
//
// A function of (seed, sample) alone, so that a larger keep ratio keeps all that a smaller one
// kept. Deterministic for a seed. O(N) time, 8 bytes per sample.

#include "edgeprune/core/random.h"

#include "edgeprune/select/ranking.h"
#include "edgeprune/select/strategy.h"

namespace edgeprune::select {

std::vector<std::uint32_t> select_random(const SelectionInput& input) {
  core::RandomStream stream({.seed = input.seed, .purpose = core::Purpose::selection});
  std::vector<float> draws(input.num_samples);
  for (float& draw : draws) draw = stream.uniform();
  return best_samples(draws, input.num_kept, Prefer::highest);
}

}  // namespace edgeprune::select
