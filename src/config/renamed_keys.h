#pragma once
// What fields and words were called in earlier versions. An old name is an error that says the new
// one: there are no aliases.

#include <string>
#include <string_view>

namespace edgeprune::config {

/// "pause.hours is now called pause.allowed_hours", or "" for a key that never had another name.
[[nodiscard]] std::string renamed_key(std::string_view key);
/// "score.mode \"checkpoints\" is now called \"evaluations\"", or "".
[[nodiscard]] std::string renamed_word(std::string_view key, std::string_view word);

}  // namespace edgeprune::config
