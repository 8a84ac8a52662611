#pragma once
// Text that comes from outside (names of files, classes, devices, tensors, settings) as it may be
// shown: on a terminal, in a message, in a table.
//
//   throw Error(ErrorKind::data, fmt::format("tensor '{}' is of type F16", printable(name)));
//
// A terminal obeys control characters, and some others turn the text around them about or are not
// seen at all. These are shown as "\x1b" or "\u202e", like bytes that are not UTF-8.

#include <cstddef>
#include <string>
#include <string_view>

namespace edgeprune::core {

inline constexpr std::size_t kLongestShown = 60;
inline constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

/// A piece of a line: line breaks are escaped too, and what is longer than `longest` bytes is cut,
/// between characters, and ends in "...".
[[nodiscard]] std::string printable(std::string_view text, std::size_t longest = kLongestShown);

/// Whole lines: line breaks and tabs stay, and nothing is cut.
[[nodiscard]] std::string printable_lines(std::string_view text);

}  // namespace edgeprune::core
