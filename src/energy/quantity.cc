#include "edgeprune/energy/quantity.h"

#include <charconv>
#include <cmath>

namespace edgeprune::energy {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<double> scale_of(std::string_view prefix) {
  if (prefix.empty()) return 1;
  if (prefix == "u") return 1e-6;
  if (prefix == "m") return 1e-3;
  if (prefix == "k") return 1e3;
  if (prefix == "M") return 1e6;
  return std::nullopt;
}

// What one of the unit is in watts or joules.
std::optional<Quantity> parse_unit(std::string_view unit) {
  double joules = 0;
  if (unit.empty() || unit.ends_with('W')) {
    unit.remove_suffix(unit.empty() ? 0 : 1);
  } else if (unit.ends_with("Wh")) {
    joules = 3600;
    unit.remove_suffix(2);
  } else if (unit.ends_with('J')) {
    joules = 1;
    unit.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  const std::optional<double> scale = scale_of(unit);
  if (!scale) return std::nullopt;
  return Quantity{joules > 0 ? *scale * joules : *scale, joules > 0};
}

}  // namespace

std::optional<Quantity> parse_quantity(std::string_view text) {
  text = trimmed(text);
  double number = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  std::optional<Quantity> quantity = parse_unit(trimmed(text));
  if (!quantity) return std::nullopt;
  quantity->value *= number;
  if (!std::isfinite(quantity->value) || std::signbit(quantity->value)) return std::nullopt;
  return quantity;
}

}  // namespace edgeprune::energy
