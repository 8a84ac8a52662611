#pragma once
// A table of a TOML file whose keys are read one by one. Every mistake is an Error of kind config
// of one line: "board.toml:7: power.idle_watts is -3; it must be at least 0".
//
//   const Table power(value, "power.");
//   power.reject_unknown_keys(kKeys, "those of power are");
//   power.require("idle_watts", kNotNegative, idle_watts);

#include "edgeprune/toml_input/read_value.h"
#include "edgeprune/toml_input/value.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::toml_input {

class Table {
 public:
  /// `value` is a table. `prefix` is what messages put before its keys: "power.", "".
  Table(Value value, std::string prefix) : value_(value), prefix_(std::move(prefix)) {}

  [[nodiscard]] std::string place() const { return value_.place(); }
  /// The key as a message calls it: "power.idle_watts".
  [[nodiscard]] std::string name_of(std::string_view key) const;
  [[nodiscard]] std::vector<Entry> entries() const { return value_.entries(); }
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key).has_value(); }
  /// The value of a key that must be there.
  [[nodiscard]] Value get(std::string_view key) const;

  /// Sets `result` where the key is there, and says whether it is.
  template <typename T>
  bool read(std::string_view key, const Limits& limits, T& result) const {
    const std::optional<Value> value = find(key);
    if (value) check(key, read_value(*value, limits, result));
    return value.has_value();
  }
  /// Sets `result`; the key must be there.
  template <typename T>
  void require(std::string_view key, const Limits& limits, T& result) const {
    check(key, read_value(get(key), limits, result));
  }
  /// The place in `words` of the word under the key, which must be there.
  [[nodiscard]] std::size_t word(std::string_view key,
                                 std::span<const std::string_view> words) const;

  /// The sub-table of that key, [power.idle_watts], its keys named in full; nothing where it is
  /// missing.
  [[nodiscard]] std::optional<Table> table(std::string_view key) const;
  /// The tables of that key, [[timing]], in order; none where it is missing.
  [[nodiscard]] std::vector<Table> tables(std::string_view key) const;

  /// The first key of the file that is none of `known`, with the key that was probably meant, or
  /// with all of them after `lead_in`.
  void reject_unknown_keys(std::span<const std::string_view> known,
                           std::string_view lead_in = "the fields are") const;

  /// "PLACE: KEY is VALUE; it must be MUST_BE" of a key that is there.
  [[noreturn]] void reject(std::string_view key, std::string_view must_be) const;
  /// "PLACE: PREFIX" and the complaint, at the table's place.
  [[noreturn]] void fail(std::string_view complaint) const;

 private:
  void check(std::string_view key, std::string_view must_be) const {
    if (!must_be.empty()) reject(key, must_be);
  }

  Value value_;
  std::string prefix_;
};

}  // namespace edgeprune::toml_input
