// full and short: keep every sample.
//
//   S = D, M = N
//
// Source: the controls of docs/method.md. Direction: none. Deterministic. O(N) time, 4 bytes per
// sample.

#include "edgeprune/select/selectors.h"

#include <numeric>

namespace edgeprune::select {

std::vector<std::uint32_t> select_all(const SelectionInput& input) {
  std::vector<std::uint32_t> samples(input.num_samples);
  std::iota(samples.begin(), samples.end(), 0u);
  return samples;
}

}  // namespace edgeprune::select
