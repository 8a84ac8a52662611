#include "edgeprune/core/printable.h"

#include "utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace edgeprune::core {
namespace {

struct CodePoints {
  std::uint32_t first;
  std::uint32_t last;
};
// Controls, what is not seen, and what turns the direction of writing.
constexpr CodePoints kHidden[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

bool is_hidden(std::uint32_t point) {
  return std::any_of(std::begin(kHidden), std::end(kHidden), [point](const CodePoints& range) {
    return point >= range.first && point <= range.last;
  });
}

std::string escaped(std::uint32_t point) {
  if (point < 0x100) return fmt::format("\\x{:02x}", point);
  return point < 0x10000 ? fmt::format("\\u{:04x}", point) : fmt::format("\\U{:08x}", point);
}

// `kept`: hidden characters that stay as they are.
std::string shown(std::string_view text, std::string_view kept) {
  std::string result;
  while (!text.empty()) {
    const Utf8Character character = first_utf8_character(text);
    const std::string_view bytes = text.substr(0, character.num_bytes);
    const bool is_kept = character.num_bytes == 1 && kept.find(text[0]) != kept.npos;
    if (!character.is_valid || (is_hidden(character.point) && !is_kept)) {
      result += escaped(character.point);
    } else {
      result += bytes;
    }
    text.remove_prefix(bytes.size());
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return shown(text, "");
  std::size_t length = longest;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return shown(text.substr(0, length), "") + "...";
}

std::string printable_lines(std::string_view text) {
  return shown(text, "\n\t");
}

}  // namespace edgeprune::core
