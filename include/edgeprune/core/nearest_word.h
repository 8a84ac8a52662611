#pragma once
// The known word that a mistyped one was probably meant to be.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace edgeprune::core {

/// Single-character edits (insert, remove, replace, swap neighbours) that turn one into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view from, std::string_view to);

/// The word with the fewest edits; "" where they are more than half of the unknown word's letters,
/// where two words are equally near, or where the unknown word is longer than any name.
[[nodiscard]] std::string_view nearest_word(std::string_view unknown,
                                            std::span<const std::string_view> words);

/// "; did you mean WORD?", the end of a message; "" where no word is near.
[[nodiscard]] std::string did_you_mean(std::string_view unknown,
                                       std::span<const std::string_view> words);

/// Longer words are not compared with anything: it would take long and help nobody.
inline constexpr std::size_t kLongestWordCompared = 80;

}  // namespace edgeprune::core
