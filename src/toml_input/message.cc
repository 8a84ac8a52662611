#include "edgeprune/toml_input/message.h"

#include "edgeprune/core/nearest_word.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace edgeprune::toml_input {
namespace {

constexpr std::size_t kLongestShown = 80;

}  // namespace

void fail(std::string_view place, std::string_view complaint) {
  throw PlacedError(core::ErrorKind::config, fmt::format("{}: {}", place, complaint));
}

std::string for_message(std::string_view text) {
  std::size_t length = std::min(text.size(), kLongestShown);
  const auto inside_character = [text](std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
  };
  while (length > 0 && inside_character(length)) --length;
  std::string line;
  for (const char c : text.substr(0, length)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return length < text.size() ? line + "..." : line;
}

std::string hint(std::string_view unknown, std::span<const std::string_view> known,
                 std::string_view lead_in) {
  std::string nearest = core::did_you_mean(unknown, known);
  return nearest.empty() ? fmt::format("; {} {}", lead_in, fmt::join(known, ", ")) : nearest;
}

}  // namespace edgeprune::toml_input
