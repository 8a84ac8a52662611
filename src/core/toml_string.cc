#include "edgeprune/core/toml_string.h"

#include "utf8.h"

#include <fmt/format.h>

namespace edgeprune::core {

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    if (!character.is_valid) return false;
    text.remove_prefix(character.num_bytes);
  }
  return true;
}

}  // namespace edgeprune::core
