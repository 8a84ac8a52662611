#pragma once
// Numbers as people read them: "1.5 MB", "2 min 05 s", "12,345".

#include <cstdint>
#include <string>

namespace edgeprune::core {

/// Decimal units: 1 kB is 1000 bytes.
[[nodiscard]] std::string format_bytes(double bytes);
[[nodiscard]] std::string format_seconds(double seconds);
/// Thousands separated by commas.
[[nodiscard]] std::string format_count(std::uint64_t count);
/// Decimal prefixes: "1.23 GFLOP" for ("FLOP", 1.23e9).
[[nodiscard]] std::string format_quantity(double value, const std::string& unit);

}  // namespace edgeprune::core
