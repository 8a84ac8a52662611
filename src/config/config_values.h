#pragma once
// The types a configuration field may have: how each is called, read from TOML and printed.
//
//   const std::string must_be = read_value(given, {"above 0", is_positive}, rate);
//   if (!must_be.empty()) complain("it must be " + must_be);

#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/core/units.h"

#include <toml++/toml.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::config {

/// A value as it was given: the TOML node and, from an override, the text it was made of.
struct GivenValue {
  const toml::node& node;
  std::string_view written;  // empty for a value from a file
};

/// What a field accepts: of a number its value, of a string its length, of a list each
/// element's.
struct Limits {
  std::string_view text;  // continues "it must be"
  bool (*contain)(double);
};
inline constexpr Limits kAny = {"", [](double) { return true; }};
inline constexpr Limits kAboveZero = {"above 0", [](double x) { return x > 0; }};

// read_value sets `value` and returns "", or leaves it and returns what the value must be.
// print_value writes TOML that read_value takes back. type_name is for the documentation.

[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, std::uint32_t& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, std::uint64_t& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, float& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, double& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, bool& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, std::string& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&,
                                     std::vector<std::uint32_t>& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&,
                                     std::vector<std::string>& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, core::KeepRatio& value);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, core::ByteCount& value);
/// A word out of a list; `value` is its place there.
[[nodiscard]] std::string read_word(const GivenValue&, const std::vector<std::string_view>& words,
                                    std::size_t& value);

[[nodiscard]] std::string print_value(const std::uint32_t& value);
[[nodiscard]] std::string print_value(const std::uint64_t& value);
[[nodiscard]] std::string print_value(const float& value);
[[nodiscard]] std::string print_value(const double& value);
[[nodiscard]] std::string print_value(const bool& value);
[[nodiscard]] std::string print_value(const std::string& value);
[[nodiscard]] std::string print_value(const std::vector<std::uint32_t>& value);
[[nodiscard]] std::string print_value(const std::vector<std::string>& value);
[[nodiscard]] std::string print_value(const core::KeepRatio& value);
[[nodiscard]] std::string print_value(const core::ByteCount& value);

inline std::string_view type_name(const std::uint32_t&) {
  return "integer";
}
inline std::string_view type_name(const std::uint64_t&) {
  return "integer";
}
inline std::string_view type_name(const float&) {
  return "float";
}
inline std::string_view type_name(const double&) {
  return "float";
}
inline std::string_view type_name(const bool&) {
  return "boolean";
}
inline std::string_view type_name(const std::string&) {
  return "string";
}
inline std::string_view type_name(const std::vector<std::uint32_t>&) {
  return "list of integers";
}
inline std::string_view type_name(const std::vector<std::string>&) {
  return "list of strings";
}
inline std::string_view type_name(const core::KeepRatio&) {
  return "decimal";
}

inline std::string_view type_name(const core::ByteCount&) {
  return "byte count";
}

/// Throws the configuration error "PLACE: COMPLAINT".
[[noreturn]] void fail(std::string_view place, std::string_view complaint);

/// Text from a user, fit for a one-line message: control characters escaped, cut when very long.
[[nodiscard]] std::string for_message(std::string_view text);
/// The same of a TOML value.
[[nodiscard]] std::string for_message(const toml::node& node);

}  // namespace edgeprune::config
