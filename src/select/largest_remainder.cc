#include "largest_remainder.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace edgeprune::select {

std::vector<std::uint32_t> proportional_quotas(std::span<const std::uint32_t> counts,
                                               std::uint32_t total) {
  const std::uint64_t sum = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (total > sum) {
    throw core::Error(core::ErrorKind::internal, fmt::format("quotas of {} from {}", total, sum));
  }
  std::vector<std::uint32_t> quotas(counts.size());
  if (total == 0) return quotas;
  const auto share = [&](std::size_t i) { return std::uint64_t{total} * counts[i]; };
  std::uint32_t left = total;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    quotas[i] = static_cast<std::uint32_t>(share(i) / sum);
    left -= quotas[i];
  }
  std::vector<std::size_t> by_remainder(counts.size());
  std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](std::size_t a, std::size_t b) { return share(a) % sum > share(b) % sum; });
  for (std::size_t i = 0; i < left; ++i) ++quotas[by_remainder[i]];
  return quotas;
}

}  // namespace edgeprune::select
