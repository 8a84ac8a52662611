#pragma once
// Watts or joules as a program prints them: what energy.command and energy.file are read as.
//
//   parse_quantity("450 mW\n")     // {0.45, false}
//   parse_quantity("1.2 kJ")       // {1200, true}

#include <optional>
#include <string_view>

namespace edgeprune::energy {

struct Quantity {
  double value = 0;  // watts or joules
  bool is_joules = false;
};

/// A number and a unit: W, J or Wh, with the prefixes u, m, k or M, or none; a number alone is
/// watts. Space around either is ignored. Nothing for any other text, and for numbers that are
/// negative or not finite.
[[nodiscard]] std::optional<Quantity> parse_quantity(std::string_view text);

}  // namespace edgeprune::energy
