#pragma once
// Numbers as people read them: "1.5 MB", "2 min 05 s", "12,345".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::core {

/// Decimal units: 1 kB is 1000 bytes.
[[nodiscard]] std::string format_bytes(double bytes);

/// A number of bytes that people may write with a unit.
struct ByteCount {
  std::uint64_t count = 0;
};
/// "400MB", "1.5 GB" (1000), "512MiB" (1024), "123"; nothing for any other text. A fraction of a
/// byte is left out.
[[nodiscard]] std::optional<ByteCount> parse_bytes(std::string_view text);
[[nodiscard]] std::string format_seconds(double seconds);
/// Thousands separated by commas.
[[nodiscard]] std::string format_count(std::uint64_t count);
/// Decimal prefixes: "1.23 GFLOP" for ("FLOP", 1.23e9).
[[nodiscard]] std::string format_quantity(double value, const std::string& unit);

}  // namespace edgeprune::core
