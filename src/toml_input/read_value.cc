#include "edgeprune/toml_input/read_value.h"

#include "edgeprune/core/nearest_word.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace edgeprune::toml_input {
namespace {

// The largest whole number of type T that TOML, whose integers are signed, can write.
template <typename T>
constexpr auto kLargest = static_cast<std::int64_t>(std::min<std::uint64_t>(
    std::numeric_limits<T>::max(), std::numeric_limits<std::int64_t>::max()));

template <typename T>
std::string read_whole(const Value& value, const Limits& limits, T& result) {
  const auto given = value.integer();
  if (!given) return with_limits("a whole number", limits);
  if (!limits.contain(static_cast<double>(*given))) return std::string(limits.text);
  if (*given < 0) return "at least 0";
  if (*given > kLargest<T>) return fmt::format("at most {}", kLargest<T>);
  result = static_cast<T>(*given);
  return {};
}

template <typename T>
std::string read_number(const Value& value, const Limits& limits, T& result) {
  const auto given = value.number();
  if (!given) return with_limits("a number", limits);
  if (!std::isfinite(*given) || std::abs(*given) > std::numeric_limits<T>::max()) {
    return with_limits("a finite number", limits);
  }
  const T kept = static_cast<T>(*given);
  if (!limits.contain(*given)) return std::string(limits.text);
  // The number as written lies within them.
  if (!limits.contain(kept)) {
    return fmt::format("{}, and as a 32-bit float it is {}", limits.text, kept);
  }
  result = kept;
  return {};
}

struct ListWords {
  std::string_view elements;
  std::string_view example;
};

template <typename T>
std::string read_list(const Value& value, const Limits& limits, const ListWords& words,
                      std::vector<T>& result) {
  if (!value.is_list()) {
    return fmt::format("a list of {}, such as {}", words.elements, words.example);
  }
  std::vector<T> elements;
  for (const Value& element : value.elements()) {
    const std::string must_be = read_value(element, limits, elements.emplace_back());
    if (!must_be.empty()) return fmt::format("a list of {}, each {}", words.elements, limits.text);
  }
  result = std::move(elements);
  return {};
}

}  // namespace

std::string with_limits(std::string_view type, const Limits& limits) {
  return limits.text.empty() ? std::string(type) : fmt::format("{}, {}", type, limits.text);
}

std::string read_value(const Value& value, const Limits& limits, std::uint32_t& result) {
  return read_whole(value, limits, result);
}

std::string read_value(const Value& value, const Limits& limits, std::uint64_t& result) {
  return read_whole(value, limits, result);
}

std::string read_value(const Value& value, const Limits& limits, float& result) {
  return read_number(value, limits, result);
}

std::string read_value(const Value& value, const Limits& limits, double& result) {
  return read_number(value, limits, result);
}

std::string read_value(const Value& value, const Limits&, bool& result) {
  const auto given = value.boolean();
  if (!given) return "true or false";
  result = *given;
  return {};
}

std::string read_value(const Value& value, const Limits& limits, std::string& result) {
  const std::string* text = value.text();
  if (text == nullptr) return "a string in quotes";
  if (!limits.contain(static_cast<double>(text->size()))) return std::string(limits.text);
  if (text->find('\0') != std::string::npos) return "text without NUL characters";
  result = *text;
  return {};
}

std::string read_value(const Value& value, const Limits& limits,
                       std::vector<std::uint32_t>& result) {
  return read_list(value, limits, {"whole numbers", "[256, 128]"}, result);
}

std::string read_value(const Value& value, const Limits& limits, std::vector<std::string>& result) {
  return read_list(value, limits, {"strings", "[\"full\", \"random\"]"}, result);
}

std::string read_value(const Value& value, const Limits& limits, core::ByteCount& result) {
  const auto integer = value.integer();
  const std::string* text = value.text();
  std::optional<core::ByteCount> given;
  if (integer && *integer >= 0) given = {static_cast<std::uint64_t>(*integer)};
  if (text != nullptr) given = core::parse_bytes(*text);
  if (!given) return "a number of bytes, or text such as \"400MB\"";
  if (!limits.contain(static_cast<double>(given->count))) return std::string(limits.text);
  result = *given;
  return {};
}

std::string read_word(const Value& value, std::span<const std::string_view> words,
                      std::size_t& result) {
  const std::string* text = value.text();
  std::string must_be = fmt::format("one of {}", fmt::join(words, ", "));
  if (text == nullptr) return must_be;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found == words.end()) return must_be + core::did_you_mean(*text, words);
  result = static_cast<std::size_t>(found - words.begin());
  return {};
}

}  // namespace edgeprune::toml_input
