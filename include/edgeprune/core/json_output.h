#pragma once
// JSON as all our files and answers have it: names that are no UTF-8 do not stop it from being
// written, and every character beyond ASCII is escaped, so that a terminal that shows it obeys
// nothing in it.

#include <string>

namespace edgeprune::core {

/// On one line, newline not included.
template <typename Json>
[[nodiscard]] std::string json_line(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// For people too: set in by two blanks, newline included.
template <typename Json>
[[nodiscard]] std::string json_text(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace edgeprune::core
