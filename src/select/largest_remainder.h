#pragma once
// Shares of a whole in whole numbers.

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::select {

/// Shares of `total` proportional to the counts, which add up to it: each its exact share
/// total * count / sum, rounded down, and one more for those with the largest remainders, the
/// smaller index first (the method of Hamilton). Never more than its count. A total above the sum
/// of the counts is an internal Error.
[[nodiscard]] std::vector<std::uint32_t> proportional_quotas(std::span<const std::uint32_t> counts,
                                                             std::uint32_t total);

}  // namespace edgeprune::select
