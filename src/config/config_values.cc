#include "config_values.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/toml_string.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <optional>
#include <utility>

namespace edgeprune::config {
namespace {

// The two finite numbers of a list of two; nothing where it is none.
std::optional<train::Resolution> read_pair(const toml_input::Value& value) {
  if (!value.is_list()) return {};
  const auto elements = value.elements();
  if (elements.size() != 2) return {};
  const std::optional<double> size = elements[0].number();
  const std::optional<double> work = elements[1].number();
  if (!size || !work || !std::isfinite(*size) || !std::isfinite(*work)) return {};
  return train::Resolution{.size = *size, .work = *work};
}

}  // namespace

std::string read_value(const GivenValue& given, const Limits&,
                       std::vector<train::Resolution>& result) {
  constexpr std::string_view kMustBe =
      "a list of [size, share of the work], such as [[0.5, 0.2], [0.75, 0.3], [1.0, 0.5]]";
  if (!given.value.is_list()) return std::string(kMustBe);
  std::vector<train::Resolution> resolutions;
  for (const toml_input::Value& element : given.value.elements()) {
    const auto pair = read_pair(element);
    if (!pair) return std::string(kMustBe);
    resolutions.push_back(*pair);
  }
  std::string must_be = train::check_resolutions(resolutions);
  if (must_be.empty()) result = std::move(resolutions);
  return must_be;
}

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
std::string print_value(const std::vector<train::Resolution>& value) {
  std::vector<std::string> pairs;
  for (const train::Resolution& stage : value) {
    pairs.push_back(fmt::format("[{}, {}]", stage.size, stage.work));
  }
  return fmt::format("[{}]", fmt::join(pairs, ", "));
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
