#include "compare_section.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace edgeprune::compare {
namespace {

constexpr std::string_view kSection = "compare";
// As for every configuration (train/config.cc): the TOML reader recurses with every dot of a key.
constexpr std::size_t kLargestFile = 16 * 1024;
constexpr std::int64_t kMaxSeeds = 1000;

// Where an entry stands, for messages: "compare.toml:7".
class Place {
 public:
  Place(const std::string& file, const toml::node& node) : file_(file), node_(node) {}

  [[noreturn]] void fail(std::string_view complaint) const {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{}:{}: {}", file_, node_.source().begin.line, complaint));
  }
  // What parts of the value say without knowing where they stand.
  template <typename Action>
  auto in_place(Action&& action) const {
    try {
      return action();
    } catch (const core::Error& error) {
      fail(error.what());
    }
  }

 private:
  const std::string& file_;
  const toml::node& node_;
};

std::string toml_text(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

std::vector<StrategySpec> read_strategies(const toml::node& node, const std::string& file) {
  const Place place(file, node);
  const toml::array* list = node.as_array();
  if (list == nullptr || list->empty() || !list->is_homogeneous<std::string>()) {
    place.fail("compare.strategies must be a list of strategies, such as [\"top\", \"top:el2n\"]");
  }
  std::vector<StrategySpec> specs;
  for (const toml::node& element : *list) {
    specs.push_back(
        place.in_place([&] { return parse_strategy_spec(element.as_string()->get()); }));
  }
  return specs;
}

core::KeepRatio read_keep_ratio(const toml::node& node) {
  if (const auto* text = node.as_string()) return core::KeepRatio::parse(text->get());
  return core::KeepRatio::from_double(*node.value<double>());
}

std::vector<core::KeepRatio> read_keep_ratios(const toml::node& node, const std::string& file) {
  const Place place(file, node);
  const toml::array* list = node.as_array();
  const bool usable = list != nullptr && !list->empty() &&
                      std::all_of(list->begin(), list->end(), [](const toml::node& element) {
                        return element.is_number() || element.is_string();
                      });
  if (!usable) place.fail("compare.keep_ratios must be a list of keep ratios, such as [0.1, 0.5]");
  std::vector<core::KeepRatio> ratios;
  for (const toml::node& element : *list) {
    ratios.push_back(place.in_place([&] { return read_keep_ratio(element); }));
  }
  return ratios;
}

std::vector<std::uint64_t> read_seeds(const toml::node& node, const std::string& file) {
  std::vector<std::uint64_t> seeds;
  if (const auto* count = node.as_integer()) {
    const std::int64_t most = std::min(count->get(), kMaxSeeds + 1);
    for (std::int64_t seed = 1; seed <= most; ++seed) seeds.push_back(seed);
  } else if (const toml::array* list = node.as_array()) {
    for (const toml::node& element : *list) {
      const auto seed = element.is_integer() ? element.as_integer()->get() : -1;
      if (seed >= 0) seeds.push_back(static_cast<std::uint64_t>(seed));
    }
    if (seeds.size() != list->size()) seeds.clear();
  }
  if (seeds.empty() || seeds.size() > kMaxSeeds) {
    Place(file, node)
        .fail(fmt::format("compare.seeds is {}; it must be a count, such as 3, or a list of seeds, "
                          "such as [1, 2, 3], at most {}",
                          core::printable(toml_text(node)), kMaxSeeds));
  }
  return seeds;
}

// The field that a key of a setting names: "data.train_limit", or "train_limit" where one section
// alone has it.
std::string field_named(const std::string& key, const Place& place) {
  if (key.find('.') != std::string::npos) return key;
  std::vector<std::string> found;
  for (const config::ConfigField& field : config::config_fields()) {
    if (field.key.substr(field.key.find('.') + 1) == key) found.emplace_back(field.key);
  }
  if (found.size() == 1) return found.front();
  place.fail(fmt::format("compare.settings has {}, which {}; write it as section.key",
                         core::printable(key),
                         found.empty() ? "is not a field" : "is a field of several sections"));
}

void add_overrides(const toml::table& table, const std::string& prefix, const std::string& file,
                   std::vector<std::string>& overrides) {
  for (const auto& [key, value] : table) {
    const std::string name = prefix + std::string(key.str());
    const Place place(file, value);
    if (prefix.empty() && name == "name") continue;
    if (const toml::table* section = value.as_table()) {
      add_overrides(*section, name + ".", file, overrides);
    } else {
      overrides.push_back(fmt::format("{}={}", field_named(name, place), toml_text(value)));
    }
  }
}

Setting read_setting(const toml::node& node, const std::string& file) {
  if (const auto* text = node.as_string()) return {.name = text->get(), .overrides = {text->get()}};
  const Place place(file, node);
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    place.fail("compare.settings must hold \"section.key=value\" or tables with a name and fields");
  }
  const auto name = (*table)["name"].value<std::string>();
  if (!name || name->empty()) place.fail("a table of compare.settings has no name; give it one");
  Setting setting{.name = *name};
  add_overrides(*table, "", file, setting.overrides);
  return setting;
}

std::vector<Setting> read_settings(const toml::node& node, const std::string& file) {
  const toml::array* list = node.as_array();
  if (list == nullptr || list->empty()) {
    Place(file, node).fail("compare.settings must be a list; leave it out for one setting");
  }
  std::vector<Setting> settings;
  for (const toml::node& element : *list) settings.push_back(read_setting(element, file));
  return settings;
}

Match read_match(const toml::node& node, const std::string& file) {
  return Place(file, node).in_place([&] {
    return parse_match(node.is_string() ? node.as_string()->get() : toml_text(node));
  });
}

void read_entry(std::string_view key, const toml::node& node, const std::string& file,
                CompareSection& section) {
  if (key == "strategies") {
    section.strategies = read_strategies(node, file);
  } else if (key == "keep_ratios") {
    section.keep_ratios = read_keep_ratios(node, file);
  } else if (key == "seeds") {
    section.seeds = read_seeds(node, file);
  } else if (key == "settings") {
    section.settings = read_settings(node, file);
  } else if (key == "match") {
    section.match = read_match(node, file);
  } else {
    Place(file, node)
        .fail(
            fmt::format("compare.{} is not a field; the fields are strategies, keep_ratios, seeds, "
                        "settings, match",
                        core::printable(key)));
  }
}

// By the line it begins on, whether an entry belongs to [compare]. A line without an entry of its
// own belongs with the one before it.
using Owners = std::map<toml::source_index, bool>;

void note_owner(const toml::node& node, bool is_compare, Owners& owners) {
  if (node.source().begin.line > 0) owners[node.source().begin.line] = is_compare;
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      owners[key.source().begin.line] = is_compare;
      note_owner(value, is_compare, owners);
    }
  } else if (const toml::array* array = node.as_array()) {
    for (const toml::node& element : *array) note_owner(element, is_compare, owners);
  }
}

std::string without_section(std::string_view text, const toml::table& root) {
  Owners owners = {{1, false}};
  for (const auto& [key, node] : root) note_owner(node, key.str() == kSection, owners);
  std::string kept;
  bool is_compare = false;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (toml::source_index number = 1; std::getline(lines, line); ++number) {
    if (const auto owner = owners.find(number); owner != owners.end()) is_compare = owner->second;
    kept += is_compare ? "\n" : line + "\n";
  }
  return kept;
}

toml::table parse(std::string_view text, const std::string& file) {
  if (text.size() > kLargestFile) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("{}: it has {} bytes, a comparison has at most {}; is it the right file?", file,
                    text.size(), kLargestFile));
  }
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{}:{}: not valid TOML: {}", file, error.source().begin.line,
                                  core::printable(error.description())));
  }
}

}  // namespace

CompareSection read_compare_section(std::string_view toml, const std::string& file) {
  const toml::table root = parse(toml, file);
  CompareSection section{
      .keep_ratios = {core::KeepRatio::parse("0.1"), core::KeepRatio::parse("0.2"),
                      core::KeepRatio::parse("0.5")},
      .seeds = {1, 2, 3},
      .settings = {{.name = "as configured"}},
      .configuration = without_section(toml, root)};
  const toml::node* node = root.get(kSection);
  if (node == nullptr || !node->is_table()) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("{}: it has no section [compare]; docs/comparison.md shows one", file));
  }
  for (const auto& [key, value] : *node->as_table()) {
    read_entry(key.str(), value, file, section);
  }
  if (section.strategies.empty()) {
    Place(file, *node)
        .fail(
            "compare.strategies is missing; name what to compare, such as "
            "[\"top\", \"top:el2n\"]");
  }
  return section;
}

}  // namespace edgeprune::compare
