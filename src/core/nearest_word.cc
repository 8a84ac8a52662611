#include "edgeprune/core/nearest_word.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace edgeprune::core {

std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> two_up(to.size() + 1);
  std::vector<std::size_t> above(to.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
    std::swap(two_up, above);
    std::swap(above, row);
  }
  return above[to.size()];
}

std::string_view nearest_word(std::string_view unknown, std::span<const std::string_view> words) {
  if (unknown.size() > kLongestWordCompared) return "";
  std::string_view nearest;
  std::size_t least = unknown.size() / 2 + 1;
  for (const std::string_view word : words) {
    const std::size_t distance = edit_distance(unknown, word);
    if (distance == least) nearest = "";
    if (distance < least) nearest = word;
    least = std::min(least, distance);
  }
  return nearest;
}

std::string did_you_mean(std::string_view unknown, std::span<const std::string_view> words) {
  const std::string_view nearest = nearest_word(unknown, words);
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
}

}  // namespace edgeprune::core
