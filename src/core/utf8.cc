#include "utf8.h"

namespace edgeprune::core {

Utf8Character first_utf8_character(std::string_view text) {
  // The code points that a lead byte with so many bytes behind it may begin.
  constexpr std::uint32_t kMin[] = {0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  if (lead < 0xc0 || lead >= 0xf8 || more >= text.size()) return {.point = lead};
  std::uint32_t point = lead & (0x3fu >> more);
  for (std::size_t k = 1; k <= more; ++k) {
    const auto byte = static_cast<unsigned char>(text[k]);
    if ((byte & 0xc0) != 0x80) return {.point = lead};
    point = point << 6 | (byte & 0x3fu);
  }
  const bool is_surrogate = point >= 0xd800 && point < 0xe000;
  if (point < kMin[more - 1] || point > 0x10ffff || is_surrogate) return {.point = lead};
  return {point, more + 1, true};
}

}  // namespace edgeprune::core
