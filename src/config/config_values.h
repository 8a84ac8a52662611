#pragma once
// The types a configuration field may have: how each is called, read from TOML and printed.
//
//   const std::string must_be = read_value(given, {"above 0", is_positive}, rate);
//   if (!must_be.empty()) complain("it must be " + must_be);

#include "edgeprune/core/keep_ratio.h"
#include "edgeprune/core/units.h"
#include "edgeprune/toml_input/read_value.h"
#include "edgeprune/train/resolutions.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::config {

using toml_input::kAboveZero;
using toml_input::kAny;
using toml_input::kQuantity;
using toml_input::Limits;

/// A value as it was given, with the text that a value from --set was made of.
struct GivenValue {
  toml_input::Value value;
  std::string_view written;  // empty for a value from a file
};

// read_value sets `result` and returns "", or leaves it and returns what the value must be.
// print_value writes TOML that read_value takes back. type_name is for the documentation.

template <typename T>
[[nodiscard]] std::string read_value(const GivenValue& given, const Limits& limits, T& result) {
  return toml_input::read_value(given.value, limits, result);
}
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&, core::KeepRatio& result);
[[nodiscard]] std::string read_value(const GivenValue&, const Limits&,
                                     std::vector<train::Resolution>& result);
/// A word out of a list; `result` is its place there.
[[nodiscard]] std::string read_word(const GivenValue&, const std::vector<std::string_view>& words,
                                    std::size_t& result);

[[nodiscard]] std::string print_value(const std::uint32_t& value);
[[nodiscard]] std::string print_value(const std::uint64_t& value);
[[nodiscard]] std::string print_value(const float& value);
[[nodiscard]] std::string print_value(const double& value);
[[nodiscard]] std::string print_value(const bool& value);
[[nodiscard]] std::string print_value(const std::string& value);
[[nodiscard]] std::string print_value(const std::vector<std::uint32_t>& value);
[[nodiscard]] std::string print_value(const std::vector<std::string>& value);
[[nodiscard]] std::string print_value(const std::vector<train::Resolution>& value);
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
inline std::string_view type_name(const std::vector<train::Resolution>&) {
  return "list of pairs of numbers";
}
inline std::string_view type_name(const core::KeepRatio&) {
  return "decimal";
}

inline std::string_view type_name(const core::ByteCount&) {
  return "byte count";
}

}  // namespace edgeprune::config
