#include "nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace edgeprune::select {
namespace {

std::size_t distance_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest_name(std::string_view unknown, std::span<const std::string_view> names) {
  constexpr std::size_t kLongestWorthComparing = 80;
  if (unknown.size() > kLongestWorthComparing) return "";
  std::string_view nearest;
  std::size_t least = unknown.size() / 2 + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = distance_between(unknown, name);
    if (distance == least) nearest = "";
    if (distance < least) nearest = name;
    least = std::min(least, distance);
  }
  return nearest;
}

}  // namespace edgeprune::select
