#include "edgeprune/core/long_line.h"

#include <algorithm>

namespace edgeprune::core {

std::optional<LongLine> first_line_above(std::string_view text, std::size_t most) {
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > most) return LongLine{number, end - begin};
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace edgeprune::core
