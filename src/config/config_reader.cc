#include "edgeprune/budget/pause_rules.h"
#include "edgeprune/config/config.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/toml_string.h"

#include "config_fields.h"
#include "renamed_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace edgeprune::config {
namespace {

// A configuration has a few dozen lines. The TOML reader recurses with every dot of a key, so that
// a much longer file could exhaust the stack.
constexpr std::size_t kLargestConfig = 16 * 1024;

// The configuration as it comes together, with the place each field was last set at:
// "train.toml:12", or the override itself: "prune.keep_ratio=0".
struct Draft {
  Config config = unresolved_defaults();
  std::map<std::string_view, std::string> places;
};

std::string did_you_mean(std::string_view unknown) {
  const std::string_view nearest = nearest_key(unknown);
  return nearest.empty() ? "; docs/configuration.md lists the fields"
                         : fmt::format("; did you mean {}?", nearest);
}

const FieldRow& row_of(std::string_view key, std::string_view place) {
  const FieldRow* row = find_row(key);
  if (row == nullptr) {
    if (const std::string renamed = renamed_key(key); !renamed.empty()) fail(place, renamed);
    fail(place, fmt::format("{} is not a field{}", for_message(key), did_you_mean(key)));
  }
  return *row;
}

void set_field(Draft& draft, const FieldRow& row, const GivenValue& given, std::string place) {
  const std::string must_be = row.set(draft.config, given, row.limits);
  if (!must_be.empty()) {
    const std::string renamed =
        renamed_word(row.documented.key, given.node.value_or(std::string_view()));
    if (!renamed.empty()) fail(place, renamed);
    const bool decimal = given.node.is_number() && !given.written.empty();
    fail(place,
         fmt::format("{} is {}; it must be {}", row.documented.key,
                     decimal ? for_message(given.written) : for_message(given.node), must_be));
  }
  draft.places[row.documented.key] = std::move(place);
}

// A value of the file under its key; keys of no known section keep all their dots.
struct Entry {
  std::string key;
  const toml::node* node;
  toml::source_position position;
};

bool is_section(std::string_view name) {
  const auto names = section_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string place_in(const std::string& file, const toml::source_position& position) {
  return fmt::format("{}:{}", file, position.line);
}

void collect_section(const toml::key& section, const toml::node& node, const std::string& file,
                     std::vector<Entry>& entries) {
  const std::string name(section.str());
  const toml::table* table = node.as_table();
  if (table == nullptr || (table->empty() && !is_section(name))) {
    const std::string place = place_in(file, section.source().begin);
    if (is_section(name)) {
      fail(place, fmt::format("{0} is {1}; it must be a section, [{0}]", name, for_message(node)));
    }
    if (table == nullptr) row_of(name, place);
    fail(place, fmt::format("[{}] is not a section; the sections are {}", for_message(name),
                            fmt::join(section_names(), ", ")));
  }
  for (const auto& [key, value] : *table) {
    entries.push_back({fmt::format("{}.{}", name, key.str()), &value, key.source().begin});
  }
}

// In the order of the file, so that the first mistake in it is the one reported.
std::vector<Entry> entries_of(const toml::table& root, const std::string& file) {
  std::vector<Entry> entries;
  for (const auto& [key, node] : root) collect_section(key, node, file, entries);
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.position.line, a.position.column) <
           std::pair(b.position.line, b.position.column);
  });
  return entries;
}

void read_document(std::string_view text, const std::string& file, Draft& draft) {
  if (text.size() > kLargestConfig) {
    fail(file, fmt::format("it has {} bytes, a configuration has at most {}; is it the right file?",
                           text.size(), kLargestConfig));
  }
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    fail(place_in(file, error.source().begin),
         fmt::format("not valid TOML: {}", for_message(error.description())));
  }
  for (const Entry& entry : entries_of(root, file)) {
    const std::string place = place_in(file, entry.position);
    set_field(draft, row_of(entry.key, place), {*entry.node, {}}, place);
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A table whose only entry, "value", is the TOML value, or an empty one if the text is none.
toml::table parse_value(std::string_view text) {
  if (text.size() > kLargestConfig) return {};
  try {
    toml::table table = toml::parse(fmt::format("value = {}\n", text));
    return table.size() == 1 ? table : toml::table();
  } catch (const toml::parse_error&) {
    return {};
  }
}

void apply_override(std::string_view text, Draft& draft) {
  const std::string place = text.empty() ? "an override" : for_message(text);
  const std::size_t equals = text.find('=');
  const std::string_view key = key_of(text);
  if (equals == std::string_view::npos) {
    const std::string_view nearest = nearest_key(key);
    fail(place,
         fmt::format("it has no value; write {}=VALUE", nearest.empty() ? "section.key" : nearest));
  }
  const FieldRow& row = row_of(key, place);
  const std::string_view written = trimmed(text.substr(equals + 1));
  toml::table table = parse_value(written);
  if (table.empty() || (row.is_text && !table["value"].is_string())) {
    table = parse_value(core::toml_string(written));
    if (table.empty()) fail(place, fmt::format("{} must be UTF-8 text", key));
  }
  set_field(draft, row, {*table.get("value"), written}, place);
}

// Three times the decimal that was written: in floats 3 * 0.001 is not 0.003.
void resolve_peak_learning_rate(Draft& draft) {
  nn::Schedule& schedule = draft.config.train.schedule;
  if (schedule.peak_learning_rate != 0) return;
  const std::string decimal = fmt::format("{}", schedule.base_learning_rate);
  double base = 0;
  std::from_chars(decimal.data(), decimal.data() + decimal.size(), base);
  schedule.peak_learning_rate = static_cast<float>(3 * base);
  if (!std::isfinite(schedule.peak_learning_rate)) {
    fail(draft.places["train.learning_rate"],
         fmt::format("train.learning_rate is {}; three times it, the peak, must be finite",
                     decimal));
  }
}

// The place of a field that needs another which is not set. No default needs anything: the field
// has been set somewhere.
void check_needs_of(const ConfigField& field, const Draft& draft, const Config& defaults) {
  const std::string value = field.value(draft.config);
  for (const FieldNeed& need : field.needs) {
    const bool applies = need.value.empty() ? value != field.value(defaults)
                                            : value == core::toml_string(need.value);
    const ConfigField& needed = *find_field(need.field);
    if (!applies || needed.value(draft.config) != needed.value(defaults)) continue;
    fail(draft.places.at(field.key),
         fmt::format("{} is {}; it needs {} too", field.key, for_message(value), need.field));
  }
}

void check_needs(const Draft& draft) {
  const Config defaults = unresolved_defaults();
  for (const ConfigField& field : config_fields()) check_needs_of(field, draft, defaults);
}

void check_hours(const Draft& draft) {
  const std::string& hours = draft.config.pause.allowed_hours;
  if (hours.empty() || budget::parse_daily_hours(hours)) return;
  fail(draft.places.at("pause.allowed_hours"),
       fmt::format("pause.allowed_hours is \"{}\"; it must be two different times of day, as in "
                   "\"22:00-06:00\"",
                   for_message(hours)));
}

Config finish(Draft draft, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) apply_override(text, draft);
  resolve_peak_learning_rate(draft);
  check_needs(draft);
  check_hours(draft);
  return std::move(draft.config);
}

// Of an entry of a file that an earlier version may have written.
std::string renamed_in(const Entry& entry) {
  const std::string renamed = renamed_key(entry.key);
  return renamed.empty() ? renamed_word(entry.key, entry.node->value_or(std::string_view()))
                         : renamed;
}

}  // namespace

std::string find_renamed(std::string_view toml) {
  if (toml.size() > kLargestConfig) return "";
  try {
    const toml::table root = toml::parse(toml);
    for (const Entry& entry : entries_of(root, "")) {
      if (std::string renamed = renamed_in(entry); !renamed.empty()) return renamed;
    }
  } catch (const std::exception&) {
    // What is wrong with it the reader says.
  }
  return "";
}

std::string_view key_of(std::string_view override_text) {
  return trimmed(override_text.substr(0, override_text.find('=')));
}

Config read_config(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  if (path.empty()) return finish({}, overrides);
  return parse_config(core::read_file(path), path.string(), overrides);
}

Config parse_config(std::string_view toml, const std::string& name,
                    const std::vector<std::string>& overrides) {
  Draft draft;
  read_document(toml, name, draft);
  return finish(std::move(draft), overrides);
}

}  // namespace edgeprune::config
