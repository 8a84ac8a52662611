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
  return core::printable(text, kLongestShown);
}

std::string hint(std::string_view unknown, std::span<const std::string_view> known,
                 std::string_view lead_in) {
  std::string nearest = core::did_you_mean(unknown, known);
  return nearest.empty() ? fmt::format("; {} {}", lead_in, fmt::join(known, ", ")) : nearest;
}

}  // namespace edgeprune::toml_input
