#pragma once
// Text byte by byte as UTF-8 has it.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace edgeprune::core {

struct Utf8Character {
  std::uint32_t point = 0;    // where it is not valid: the byte itself
  std::size_t num_bytes = 1;  // where it is not valid: 1
  bool is_valid = false;
};
/// What a text, which is not empty, begins with.
[[nodiscard]] Utf8Character first_utf8_character(std::string_view text);

}  // namespace edgeprune::core
