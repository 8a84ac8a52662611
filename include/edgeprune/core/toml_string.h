#pragma once
// Text as a TOML string.

#include <string>
#include <string_view>

namespace edgeprune::core {

/// In quotes, what needs it escaped: a reader of TOML gets `text` (UTF-8) back.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace edgeprune::core
