#include "config_values.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/toml_string.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

namespace edgeprune::config {

std::string read_value(const GivenValue& given, const Limits& limits, core::KeepRatio& result) {
  const std::optional<double> number = given.value.number();
  const std::string* text = given.value.text();
  if (!number && text == nullptr) return toml_input::with_limits("a decimal", limits);
  if (number && !limits.contain(*number)) return std::string(limits.text);
  std::string decimal = number ? fmt::format("{}", *number) : *text;
  if (number && !given.written.empty()) decimal = given.written;
  try {
    result = core::KeepRatio::parse(decimal);
  } catch (const core::Error&) {
    return fmt::format("a decimal, {}, of at most 18 digits and without a sign", limits.text);
  }
  return {};
}

std::string read_word(const GivenValue& given, const std::vector<std::string_view>& words,
                      std::size_t& result) {
  return toml_input::read_word(given.value, words, result);
}

std::string print_value(const std::uint32_t& value) {
  return fmt::format("{}", value);
}
std::string print_value(const std::uint64_t& value) {
  return fmt::format("{}", value);
}
std::string print_value(const float& value) {
  return fmt::format("{}", value);
}
std::string print_value(const double& value) {
  return fmt::format("{}", value);
}
std::string print_value(const bool& value) {
  return value ? "true" : "false";
}
std::string print_value(const std::string& value) {
  return core::toml_string(value);
}
std::string print_value(const std::vector<std::uint32_t>& value) {
  return fmt::format("[{}]", fmt::join(value, ", "));
}
std::string print_value(const std::vector<std::string>& value) {
  std::vector<std::string> texts;
  texts.reserve(value.size());
  for (const std::string& text : value) texts.push_back(core::toml_string(text));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}
std::string print_value(const core::ByteCount& value) {
  return fmt::format("{}", value.count);
}
std::string print_value(const core::KeepRatio& value) {
  // A bare number where it reads back to the same digits, a string where a double would lose some.
  const std::string bare = fmt::format("{}", value.value());
  return bare == value.as_written() ? bare : core::toml_string(value.as_written());
}

}  // namespace edgeprune::config
