#pragma once
// JSON as text: the one way by which everything we write becomes it. JSON has no number for what is
// not finite, and its library writes null in its place; here that is an Error of kind internal that
// names the number, for null would be read as "not known", or not at all.
//
//   write_file_atomically(path, core::json_text(json, "summary.json", 2) + "\n");
//
// A name whose bytes are no UTF-8 is written with U+FFFD in their place.

#include "edgeprune/core/error.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::core {

/// Where the first number that is not finite stands, "energy.joules.total"; nothing where there is
/// none. `Json` is a type of nlohmann-json, whose headers stay out of ours.
template <typename Json>
[[nodiscard]] std::optional<std::string> place_not_finite(const Json& json) {
  if (json.is_number_float() && !std::isfinite(json.template get<double>())) return "";
  if (!json.is_structured()) return {};
  for (const auto& item : json.items()) {
    const std::optional<std::string> inside = place_not_finite(item.value());
    if (inside) return inside->empty() ? item.key() : item.key() + "." + *inside;
  }
  return {};
}

/// `what` is what is being written, as a message calls it. Without an `indent` on one line.
template <typename Json>
[[nodiscard]] std::string json_text(const Json& json, std::string_view what, int indent = -1) {
  if (const std::optional<std::string> place = place_not_finite(json)) {
    throw Error(ErrorKind::internal, std::string(what) + ": " + printable(*place) +
                                         " is not a finite number, which JSON cannot hold");
  }
  return json.dump(indent, ' ', true, Json::error_handler_t::replace);
}

}  // namespace edgeprune::core
