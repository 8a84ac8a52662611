#pragma once
// Lines that are too long to be parsed: a parser that recurses with every dot of a key, as that of
// TOML, could exhaust the stack on one.

#include <cstddef>
#include <optional>
#include <string_view>

namespace edgeprune::core {

struct LongLine {
  std::size_t number = 0;  // 1, 2, ...
  std::size_t length = 0;  // bytes, without the end of line
};
/// The first line of more than `most` bytes; nothing where there is none.
[[nodiscard]] std::optional<LongLine> first_line_above(std::string_view text, std::size_t most);

}  // namespace edgeprune::core
