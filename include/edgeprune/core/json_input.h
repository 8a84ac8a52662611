#pragma once
// The one door through which JSON comes in: model files' headers, checkpoints, what runs and
// comparisons wrote.
//
//   const SelectionHashes hashes = core::read_json<nlohmann::json>(
//       core::read_file(path),
//       {.name = path.string(), .what = "not a selection's manifest", .fix = "select again"},
//       [](const auto& json) { return SelectionHashes{json.at("dataset_hash"), ...}; });
//
// The text may come from a stranger. Before it is parsed it is held against JsonLimits: what copies
// or destroys a parsed value recurses with every bracket, so that a small file could exhaust the
// stack; of two equal keys every reader takes the one it likes. What is refused, and what `read`
// misses, is one Error: "NAME: WHAT (WHY); FIX".
//
// The kind of JSON value is the caller's, so that this header needs no JSON library.

#include "edgeprune/core/error.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace edgeprune::core {

struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;        // of the whole text
  std::size_t depth = 32;                           // of brackets
  std::size_t string_bytes = std::size_t{1} << 20;  // of a key or a string
};

struct JsonSource {
  std::string name;       // stands for the file in messages
  std::string_view what;  // "not the summary of a run"
  std::string_view fix;   // "remove it and compare again"
  ErrorKind kind = ErrorKind::data;
  ErrorContext context = {};
  JsonLimits limits = {};
};

/// Throws the Error of a text that is not what it should be.
[[noreturn]] void reject_json(const JsonSource& source, std::string_view why);

/// An Error where the text is no JSON, is beyond the limits, names a key twice in one object, holds
/// a number beyond all floating-point numbers, or is not UTF-8.
void check_json(std::string_view text, const JsonSource& source);

/// What a reader says of a value that the text should not hold.
class JsonMismatch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A number as T. What T cannot hold is a JsonMismatch, which names the value as `name`: the
/// library's own conversion would round 2.5, wrap -1 and leave 1e300 undefined.
template <typename T, typename Json>
[[nodiscard]] T json_number(const Json& value, std::string_view name) {
  static_assert(std::unsigned_integral<T> || std::floating_point<T>);
  if constexpr (std::unsigned_integral<T>) {
    if (value.is_number_unsigned()) {
      const auto number = value.template get<std::uint64_t>();
      if (number <= std::numeric_limits<T>::max()) return static_cast<T>(number);
    }
    throw JsonMismatch("'" + std::string(name) + "' must be a whole number from 0 to " +
                       std::to_string(std::numeric_limits<T>::max()));
  } else {
    if (value.is_number()) {
      const auto number = value.template get<double>();
      const auto largest = static_cast<double>(std::numeric_limits<T>::max());
      if (number >= -largest && number <= largest) return static_cast<T>(number);
    }
    throw JsonMismatch("'" + std::string(name) + "' must be a number");
  }
}

/// The number of an object's member, which must be there.
template <typename T, typename Json>
[[nodiscard]] T json_member(const Json& object, const char* name) {
  return json_number<T>(object.at(name), name);
}

/// What `read` makes of the parsed text.
template <typename Json, typename Read>
[[nodiscard]] auto read_json(std::string_view text, const JsonSource& source, Read&& read) {
  check_json(text, source);
  try {
    return read(static_cast<const Json&>(Json::parse(text)));
  } catch (const JsonMismatch& mismatch) {
    reject_json(source, mismatch.what());
  } catch (const typename Json::exception& error) {
    reject_json(source, error.what());
  }
}

}  // namespace edgeprune::core
