#include "compare_section.h"

#include "edgeprune/config/config.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/nearest_word.h"
#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace edgeprune::compare {
namespace {

constexpr std::string_view kSection = "compare";
constexpr std::string_view kKeys[] = {"strategies", "keep_ratios", "seeds",
                                      "settings",   "recipes",     "match"};
constexpr std::int64_t kMaxSeeds = 1000;

using toml_input::Entry;
using toml_input::fail;
using toml_input::for_message;
using toml_input::Table;
using toml_input::Value;

// What parts of the value say without knowing where they stand.
template <typename Action>
auto in_place(const Value& value, Action&& action) {
  try {
    return action();
  } catch (const core::Error& error) {
    fail(value.place(), error.what());
  }
}

std::vector<StrategySpec> read_strategies(const Value& value) {
  std::vector<StrategySpec> specs;
  for (const Value& element : value.elements()) {
    const std::string* text = element.text();
    if (text == nullptr) break;
    specs.push_back(in_place(value, [&] { return parse_strategy_spec(*text); }));
  }
  if (specs.empty() || specs.size() != value.elements().size()) {
    fail(value.place(), fmt::format("compare.strategies is {}; it must be a list of strategies, "
                                    "such as [\"top\", \"top:el2n\"]",
                                    value.for_message()));
  }
  return specs;
}

core::KeepRatio read_keep_ratio(const Value& value) {
  if (const std::string* text = value.text()) return core::KeepRatio::parse(*text);
  return core::KeepRatio::from_double(*value.number());
}

std::vector<core::KeepRatio> read_keep_ratios(const Value& value) {
  std::vector<core::KeepRatio> ratios;
  for (const Value& element : value.elements()) {
    if (element.text() == nullptr && !element.number()) break;
    ratios.push_back(in_place(value, [&] { return read_keep_ratio(element); }));
  }
  if (ratios.empty() || ratios.size() != value.elements().size()) {
    fail(value.place(), fmt::format("compare.keep_ratios is {}; it must be a list of keep ratios, "
                                    "such as [0.1, 0.5]",
                                    value.for_message()));
  }
  return ratios;
}

std::vector<std::uint64_t> read_seeds(const Value& value) {
  std::vector<std::uint64_t> seeds;
  if (const auto count = value.integer()) {
    const std::int64_t most = std::min(*count, kMaxSeeds + 1);
    for (std::int64_t seed = 1; seed <= most; ++seed) seeds.push_back(seed);
  }
  for (const Value& element : value.elements()) {
    const std::int64_t seed = element.integer().value_or(-1);
    if (seed >= 0) seeds.push_back(static_cast<std::uint64_t>(seed));
  }
  const bool is_whole = !value.is_list() || seeds.size() == value.elements().size();
  if (!is_whole || seeds.empty() || seeds.size() > kMaxSeeds) {
    fail(value.place(),
         fmt::format("compare.seeds is {}; it must be a count, such as 3, or a list of seeds, such "
                     "as [1, 2, 3], at most {}",
                     value.for_message(), kMaxSeeds));
  }
  return seeds;
}

// The field that a key of a setting names: "data.train_limit", or "train_limit" where one section
// alone has it.
std::string field_named(const std::string& key, const Value& value) {
  if (key.find('.') != std::string::npos) return key;
  std::vector<std::string_view> found;
  std::vector<std::string_view> names;
  for (const config::ConfigField& field : config::config_fields()) {
    names.push_back(field.key.substr(field.key.find('.') + 1));
    if (names.back() == key) found.push_back(field.key);
  }
  if (found.size() == 1) return std::string(found.front());
  const bool is_unknown = found.empty();
  fail(value.place(),
       fmt::format("compare.settings has {}, which {}; write it as section.key{}", for_message(key),
                   is_unknown ? "is not a field" : "is a field of several sections",
                   is_unknown ? core::did_you_mean(key, names) : ""));
}

void add_overrides(const Value& table, const std::string& prefix,
                   std::vector<std::string>& overrides) {
  for (const Entry& entry : table.entries()) {
    const std::string name = prefix + entry.key;
    if (name == "name") continue;
    if (entry.value.is_table()) {
      add_overrides(entry.value, name + ".", overrides);
    } else {
      overrides.push_back(fmt::format("{}={}", field_named(name, entry.value), entry.value.toml()));
    }
  }
}

Setting read_setting(const Value& value) {
  if (const std::string* text = value.text()) return {.name = *text, .overrides = {*text}};
  if (!value.is_table()) {
    fail(value.place(), fmt::format("compare.settings holds {}; it must hold \"section.key=value\" "
                                    "or tables with a name and fields",
                                    value.for_message()));
  }
  const auto name = value.find("name");
  const std::string* text = name ? name->text() : nullptr;
  if (text == nullptr || text->empty()) {
    fail(value.place(), "a table of compare.settings has no name; give it one");
  }
  Setting setting{.name = *text};
  add_overrides(value, "", setting.overrides);
  return setting;
}

std::vector<Setting> read_settings(const Value& value) {
  std::vector<Setting> settings;
  for (const Value& element : value.elements()) settings.push_back(read_setting(element));
  if (settings.empty()) {
    fail(value.place(), "compare.settings must be a list; leave it out for one setting");
  }
  return settings;
}

std::vector<std::string> read_recipes(const Value& value) {
  std::vector<std::string> recipes;
  for (const Value& element : value.elements()) {
    const std::string* text = element.text();
    if (text != nullptr) recipes.push_back(*text);
  }
  if (recipes.empty() || recipes.size() != value.elements().size()) {
    fail(value.place(), fmt::format("compare.recipes is {}; it must be a list of values of "
                                    "train.recipe, such as [\"as_given\", \"auto\"]",
                                    value.for_message()));
  }
  return recipes;
}

Match read_match(const Value& value) {
  const std::string* text = value.text();
  return in_place(value, [&] { return parse_match(text != nullptr ? *text : value.toml()); });
}

// By the line it begins on, whether an entry belongs to [compare]. A line without an entry of its
// own belongs with the one before it.
using Owners = std::map<std::size_t, bool>;

void note_owner(const Value& value, bool is_compare, Owners& owners) {
  owners[value.line()] = is_compare;
  for (const Entry& entry : value.entries()) {
    owners[entry.line] = is_compare;
    note_owner(entry.value, is_compare, owners);
  }
  for (const Value& element : value.elements()) note_owner(element, is_compare, owners);
}

std::string without_section(std::string_view text, const Table& root) {
  Owners owners = {{1, false}};
  for (const Entry& entry : root.entries()) {
    note_owner(entry.value, entry.key == kSection, owners);
  }
  std::string kept;
  bool is_compare = false;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (const auto owner = owners.find(number); owner != owners.end()) is_compare = owner->second;
    kept += is_compare ? "\n" : line + "\n";
  }
  return kept;
}

void read_entries(const Table& table, CompareSection& section) {
  if (const auto value = table.find("strategies")) section.strategies = read_strategies(*value);
  if (const auto value = table.find("keep_ratios")) section.keep_ratios = read_keep_ratios(*value);
  if (const auto value = table.find("seeds")) section.seeds = read_seeds(*value);
  if (const auto value = table.find("settings")) section.settings = read_settings(*value);
  if (const auto value = table.find("recipes")) section.recipes = read_recipes(*value);
  if (const auto value = table.find("match")) section.match = read_match(*value);
}

}  // namespace

CompareSection read_compare_section(std::string_view toml, const std::string& file) {
  const toml_input::Document document =
      toml_input::parse_document(toml, file, {.what = "a comparison"});
  const Table root = document.root();
  CompareSection section{
      .keep_ratios = {core::KeepRatio::parse("0.1"), core::KeepRatio::parse("0.2"),
                      core::KeepRatio::parse("0.5")},
      .seeds = {1, 2, 3},
      .settings = {{.name = "as configured"}},
      .configuration = without_section(toml, root)};
  const auto value = root.find(kSection);
  if (!value || !value->is_table()) {
    fail(file, "it has no section [compare]; docs/comparison.md shows one");
  }
  const Table table(*value, "compare.");
  table.reject_unknown_keys(kKeys);
  read_entries(table, section);
  if (section.strategies.empty()) {
    table.fail("strategies is missing; name what to compare, such as [\"top\", \"top:el2n\"]");
  }
  return section;
}

}  // namespace edgeprune::compare
