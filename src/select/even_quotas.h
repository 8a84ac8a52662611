#pragma once
// Shares of a whole number as even as counts allow: of strata, of classes.

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::select {

/// Quotas that sum to `total` (at most the sum of the counts), none above its count. Visited by
/// ascending count, ties by the smaller index, each takes min(count, floor(left / still to visit)):
/// what a small one lacks goes to the larger ones. O(C log C).
[[nodiscard]] std::vector<std::uint32_t> even_quotas(std::span<const std::uint32_t> counts,
                                                     std::uint32_t total);

}  // namespace edgeprune::select
