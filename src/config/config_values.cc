#include "config_values.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/nearest_word.h"
#include "edgeprune/core/toml_string.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

namespace edgeprune::config {
namespace {

constexpr std::size_t kLongestShown = 80;

std::string with_limits(std::string_view type, const Limits& limits) {
  return limits.text.empty() ? std::string(type) : fmt::format("{}, {}", type, limits.text);
}

// The largest whole number of type T that TOML, whose integers are signed, can write.
template <typename T>
constexpr auto kLargest = static_cast<std::int64_t>(std::min<std::uint64_t>(
    std::numeric_limits<T>::max(), std::numeric_limits<std::int64_t>::max()));

template <typename T>
std::string read_whole(const toml::node& node, const Limits& limits, T& value) {
  const auto* integer = node.as_integer();
  if (integer == nullptr) return with_limits("a whole number", limits);
  const std::int64_t given = integer->get();
  if (!limits.contain(static_cast<double>(given))) return std::string(limits.text);
  if (given < 0) return "at least 0";
  if (given > kLargest<T>) return fmt::format("at most {}", kLargest<T>);
  value = static_cast<T>(given);
  return {};
}

// The limits hold for the number as T keeps it: 0.99999999999 is 1 as a float.
template <typename T>
std::string read_number(const toml::node& node, const Limits& limits, T& value) {
  if (!node.is_number()) return with_limits("a number", limits);
  // value<double>() refuses whole numbers that double rounds.
  const double given = node.is_integer() ? static_cast<double>(node.as_integer()->get())
                                         : node.as_floating_point()->get();
  if (!std::isfinite(given) || std::abs(given) > std::numeric_limits<T>::max()) {
    return with_limits("a finite number", limits);
  }
  const T kept = static_cast<T>(given);
  if (!limits.contain(kept)) return std::string(limits.text);
  value = kept;
  return {};
}

struct ListWords {
  std::string_view elements;
  std::string_view example;
};

template <typename T>
std::string read_list(const toml::node& node, const Limits& limits, const ListWords& words,
                      std::vector<T>& value) {
  const auto* list = node.as_array();
  if (list == nullptr) {
    return fmt::format("a list of {}, such as {}", words.elements, words.example);
  }
  std::vector<T> elements;
  for (const toml::node& element : *list) {
    const std::string must_be = read_value({element, {}}, limits, elements.emplace_back());
    if (!must_be.empty()) return fmt::format("a list of {}, each {}", words.elements, limits.text);
  }
  value = std::move(elements);
  return {};
}

}  // namespace

std::string read_value(const GivenValue& given, const Limits& limits, std::uint32_t& value) {
  return read_whole(given.node, limits, value);
}

std::string read_value(const GivenValue& given, const Limits& limits, std::uint64_t& value) {
  return read_whole(given.node, limits, value);
}

std::string read_value(const GivenValue& given, const Limits& limits, float& value) {
  return read_number(given.node, limits, value);
}

std::string read_value(const GivenValue& given, const Limits& limits, double& value) {
  return read_number(given.node, limits, value);
}

std::string read_value(const GivenValue& given, const Limits&, bool& value) {
  const auto* boolean = given.node.as_boolean();
  if (boolean == nullptr) return "true or false";
  value = boolean->get();
  return {};
}

std::string read_value(const GivenValue& given, const Limits& limits, std::string& value) {
  const auto* string = given.node.as_string();
  if (string == nullptr) return "a string in quotes";
  if (!limits.contain(static_cast<double>(string->get().size()))) return std::string(limits.text);
  if (string->get().find('\0') != std::string::npos) return "text without NUL characters";
  value = string->get();
  return {};
}

std::string read_value(const GivenValue& given, const Limits& limits,
                       std::vector<std::uint32_t>& value) {
  return read_list(given.node, limits, {"whole numbers", "[256, 128]"}, value);
}

std::string read_value(const GivenValue& given, const Limits& limits,
                       std::vector<std::string>& value) {
  return read_list(given.node, limits, {"strings", "[\"full\", \"random\"]"}, value);
}

std::string read_value(const GivenValue& given, const Limits& limits, core::KeepRatio& value) {
  const std::optional<double> number =
      given.node.is_number() ? given.node.value<double>() : std::nullopt;
  if (!number && !given.node.is_string()) return with_limits("a decimal", limits);
  if (number && !limits.contain(*number)) return std::string(limits.text);
  std::string decimal = number ? fmt::format("{}", *number) : given.node.value_or(std::string());
  if (number && !given.written.empty()) decimal = given.written;
  try {
    value = core::KeepRatio::parse(decimal);
  } catch (const core::Error&) {
    return fmt::format("a decimal, {}, of at most 18 digits and without a sign", limits.text);
  }
  return {};
}

std::string read_value(const GivenValue& given, const Limits&, core::ByteCount& value) {
  constexpr std::string_view kMustBe = "a number of bytes, or text such as \"400MB\"";
  if (const auto* integer = given.node.as_integer(); integer != nullptr && integer->get() >= 0) {
    value.count = static_cast<std::uint64_t>(integer->get());
    return {};
  }
  const auto* string = given.node.as_string();
  const auto parsed = string == nullptr ? std::nullopt : core::parse_bytes(string->get());
  if (!parsed) return std::string(kMustBe);
  value = *parsed;
  return {};
}

std::string read_word(const GivenValue& given, const std::vector<std::string_view>& words,
                      std::size_t& value) {
  const auto* string = given.node.as_string();
  std::string must_be = fmt::format("one of {}", fmt::join(words, ", "));
  if (string == nullptr) return must_be;
  const auto found = std::find(words.begin(), words.end(), string->get());
  if (found != words.end()) {
    value = static_cast<std::size_t>(found - words.begin());
    return {};
  }
  return must_be + core::did_you_mean(string->get(), words);
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

[[noreturn]] void fail(std::string_view place, std::string_view complaint) {
  throw core::Error(core::ErrorKind::config, fmt::format("{}: {}", place, complaint),
                    {core::ErrorReason::placed});
}

std::string for_message(std::string_view text) {
  std::size_t length = std::min(text.size(), kLongestShown);
  const auto inside_character = [text](std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
  };
  while (length > 0 && inside_character(length)) --length;
  std::string line;
  for (const char c : text.substr(0, length)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return length < text.size() ? line + "..." : line;
}

std::string for_message(const toml::node& node) {
  if (node.is_table()) return "a table";
  if (const auto* string = node.as_string()) {
    return fmt::format("\"{}\"", for_message(string->get()));
  }
  if (node.is_floating_point()) return fmt::format("{}", node.value_or(0.0));
  std::ostringstream text;
  text << toml::node_view(node);
  std::string line = std::move(text).str();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return for_message(line);
}

}  // namespace edgeprune::config
