#pragma once
// A share of some samples by chance: what `random` does to all, `stratified` to a stratum and
// `infobatch` to the well learned.

#include "edgeprune/core/random.h"

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::select {

/// `count` of the samples (ascending, at most all), uniformly and without replacement: those with
/// the highest of one draw each. Ascending. O(n) time, 8 bytes per sample.
[[nodiscard]] std::vector<std::uint32_t> random_share(std::span<const std::uint32_t> samples,
                                                      std::uint32_t count,
                                                      core::RandomStream& draws);

}  // namespace edgeprune::select
