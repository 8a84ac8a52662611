#include "even_quotas.h"

#include <algorithm>
#include <numeric>

namespace edgeprune::select {

std::vector<std::uint32_t> even_quotas(std::span<const std::uint32_t> counts, std::uint32_t total) {
  std::vector<std::size_t> by_count(counts.size());
  std::iota(by_count.begin(), by_count.end(), std::size_t{0});
  std::stable_sort(by_count.begin(), by_count.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] < counts[b]; });
  std::vector<std::uint32_t> quotas(counts.size());
  auto to_visit = static_cast<std::uint32_t>(counts.size());
  for (const std::size_t c : by_count) {
    quotas[c] = std::min(counts[c], total / to_visit--);
    total -= quotas[c];
  }
  return quotas;
}

}  // namespace edgeprune::select
