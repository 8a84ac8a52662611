#pragma once
// Values as C++ has them, within limits.
//
//   const std::string must_be = read_value(value, kAboveZero, rate);
//   if (!must_be.empty()) complain("it must be " + must_be);

#include "edgeprune/core/units.h"
#include "edgeprune/toml_input/value.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::toml_input {

/// What is accepted: of a number its value, of a string its length in bytes, of a list each
/// element's.
struct Limits {
  std::string_view text;  // continues "it must be"
  bool (*contain)(double);
};
inline constexpr Limits kAny = {"", [](double) { return true; }};
inline constexpr Limits kAboveZero = {"above 0", [](double x) { return x > 0; }};
inline constexpr Limits kNotNegative = {"at least 0", [](double x) { return x >= 0; }};
inline constexpr Limits kAtLeastOne = {"at least 1", [](double x) { return x >= 1; }};
/// Of seconds and joules: beyond it sums of them would say nothing.
inline constexpr Limits kQuantity = {"in [0, 1e15]", [](double x) { return x >= 0 && x <= 1e15; }};
inline constexpr Limits kQuantityAboveZero = {"in (0, 1e15]",
                                              [](double x) { return x > 0 && x <= 1e15; }};
inline constexpr Limits kNotEmpty = {"non-empty", [](double length) { return length > 0; }};

/// "a number, above 0": a type and its limits.
[[nodiscard]] std::string with_limits(std::string_view type, const Limits& limits);

// Each sets `result` and returns "", or leaves it and returns what the value must be. Limits hold
// for the number as `result` keeps it: 0.99999999999 is 1 as a float. inf and nan are refused.

[[nodiscard]] std::string read_value(const Value&, const Limits&, std::uint32_t& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&, std::uint64_t& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&, float& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&, double& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&, bool& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&, std::string& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&,
                                     std::vector<std::uint32_t>& result);
[[nodiscard]] std::string read_value(const Value&, const Limits&, std::vector<std::string>& result);
/// A number of bytes, or text with a unit.
[[nodiscard]] std::string read_value(const Value&, const Limits&, core::ByteCount& result);
/// A word out of a list; `result` is its place there. A word that is near one of them is told so.
[[nodiscard]] std::string read_word(const Value&, std::span<const std::string_view> words,
                                    std::size_t& result);

}  // namespace edgeprune::toml_input
