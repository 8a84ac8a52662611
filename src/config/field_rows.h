#pragma once
// How a row of the table of fields is written, and the parts of the table.
//
//   field({.key = "train.epochs", .unit = "passes", .description = "Passes over ..."}, kAtLeastOne,
//         [](auto& c) -> auto& { return c.train.epochs; })
//
// What a row leaves out is the rule: no path, never changed once a run has begun, decides bits.

#include "edgeprune/config/config.h"
#include "edgeprune/core/toml_string.h"

#include "config_values.h"
#include "field_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace edgeprune::config {

inline constexpr Limits kNotEmpty = {"non-empty", [](double length) { return length > 0; }};
inline constexpr Limits kAtLeastOne = {"at least 1", [](double x) { return x >= 1; }};
inline constexpr Limits kNotNegative = {"at least 0", [](double x) { return x >= 0; }};
inline constexpr Limits kSeed = {"in [0, 9223372036854775807]", [](double x) { return x >= 0; }};
inline constexpr Limits kShareAboveZero = {"in (0, 1]", [](double x) { return x > 0 && x <= 1; }};
inline constexpr Limits kShareBelowOne = {"in [0, 1)", [](double x) { return x >= 0 && x < 1; }};

/// A word that a field takes, what it stands for, and the fields that it needs set.
template <typename E>
struct Word {
  std::string_view name;
  E value;
  std::array<std::string_view, 2> needs = {};
};

/// The row of a field of any type but words. `Member` is a lambda without captures that names the
/// member: its type alone says which.
template <typename Member>
FieldRow field(ConfigField written, const Limits& limits, Member member) {
  using Value = std::remove_cvref_t<decltype(member(std::declval<Config&>()))>;
  constexpr bool kIsString = std::is_same_v<Value, std::string>;
  written.type = written.path == FieldPath::none ? std::string(type_name(Value()))
                                                 : std::string(name_of(written.path));
  written.range = limits.text;
  written.value = [](const Config& c) { return print_value(Member()(c)); };
  written.copy = [](const Config& from, Config& to) { Member()(to) = Member()(from); };
  FieldRow row{.documented = std::move(written),
               .limits = limits,
               .is_text = kIsString,
               .set = [](Config& c, const GivenValue& given, const Limits& its_limits) {
                 return read_value(given, its_limits, Member()(c));
               }};
  if constexpr (kIsString) {
    row.text = [](Config& c) -> std::string& { return Member()(c); };
  }
  return row;
}

template <const auto& kWords>
std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  for (const auto& word : kWords) names.push_back(word.name);
  return names;
}

template <const auto& kWords>
std::vector<FieldNeed> needs_of() {
  std::vector<FieldNeed> needs;
  for (const auto& word : kWords) {
    for (const std::string_view needed : word.needs) {
      if (!needed.empty()) needs.push_back({.value = word.name, .field = needed});
    }
  }
  return needs;
}

/// The row of a field that takes one of `kWords`, an array of Word.
template <const auto& kWords, typename Member>
FieldRow words(ConfigField written, Member) {
  written.type = fmt::format("{}", fmt::join(names_of<kWords>(), " | "));
  written.words = names_of<kWords>();
  written.needs = needs_of<kWords>();
  written.value = [](const Config& c) {
    const auto word = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&c](const auto& row) { return row.value == Member()(c); });
    return core::toml_string(word->name);
  };
  written.copy = [](const Config& from, Config& to) { Member()(to) = Member()(from); };
  const auto set = [](Config& c, const GivenValue& given, const Limits&) {
    std::size_t place = 0;
    std::string must_be = read_word(given, names_of<kWords>(), place);
    if (must_be.empty()) Member()(c) = kWords[place].value;
    return must_be;
  };
  return {.documented = std::move(written), .limits = kAny, .is_text = true, .set = set};
}

// source_fields.cc
[[nodiscard]] std::vector<FieldRow> data_source_rows();
[[nodiscard]] std::vector<FieldRow> data_sample_rows();
// method_fields.cc
[[nodiscard]] std::vector<FieldRow> model_rows();
[[nodiscard]] std::vector<FieldRow> score_rows();
[[nodiscard]] std::vector<FieldRow> prune_rows();
// training_fields.cc
[[nodiscard]] std::vector<FieldRow> step_rows();
[[nodiscard]] std::vector<FieldRow> schedule_rows();
[[nodiscard]] std::vector<FieldRow> optimizer_rows();
[[nodiscard]] std::vector<FieldRow> group_rows();  // of parameters, each updated in its own way
// device_fields.cc
[[nodiscard]] std::vector<FieldRow> limits_rows();
[[nodiscard]] std::vector<FieldRow> budget_rows();
[[nodiscard]] std::vector<FieldRow> energy_rows();
[[nodiscard]] std::vector<FieldRow> device_rows();
[[nodiscard]] std::vector<FieldRow> pause_rows();
[[nodiscard]] std::vector<FieldRow> run_rows();

}  // namespace edgeprune::config
