#pragma once
// Text as a TOML string.

#include <string>
#include <string_view>

namespace edgeprune::core {

/// In quotes, what needs it escaped: a reader of TOML gets `text` back, if that is UTF-8.
[[nodiscard]] std::string toml_string(std::string_view text);

/// Whether all of it is UTF-8 (RFC 3629): the only text that TOML and JSON hold. File names need
/// not be.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace edgeprune::core
