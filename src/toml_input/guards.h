#pragma once
// What is looked for in a text before the TOML parser sees it.

#include <cstddef>
#include <optional>
#include <string_view>

namespace edgeprune::toml_input {

struct LongLine {
  std::size_t number = 0;  // 1, 2, ...
  std::size_t length = 0;  // bytes, without the end of line
};
/// The first line of more than `max_bytes`; nothing where there is none.
[[nodiscard]] std::optional<LongLine> first_line_above(std::string_view text,
                                                       std::size_t max_bytes);

struct DepthLimits {
  std::size_t key_parts;
  std::size_t nesting;
};
struct TooDeep {
  std::size_t line = 0;  // 1, 2, ...
  bool is_key = false;   // a dotted key; else brackets
};
/// The first key of more parts, or bracket nested deeper, than the limits. Strings and comments are
/// passed over as the parser passes over them; of a text that is no TOML this holds up to its first
/// mistake, which is as far as the parser reads.
[[nodiscard]] std::optional<TooDeep> first_too_deep(std::string_view text,
                                                    const DepthLimits& limits);

}  // namespace edgeprune::toml_input
