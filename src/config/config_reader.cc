#include "edgeprune/budget/pause_rules.h"
#include "edgeprune/config/config.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include "config_fields.h"
#include "renamed_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace edgeprune::config {
namespace {

using toml_input::fail;
using toml_input::for_message;

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

// A number that TOML cannot hold, such as 1e400 or one of 309 digits, is text by then.
bool is_beyond_all_numbers(std::string_view written) {
  if (written.starts_with('+') || written.starts_with('-')) written.remove_prefix(1);
  constexpr std::size_t kDigitsOf64Bits = 19;
  const bool is_whole = written.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_whole && written.size() >= kDigitsOf64Bits) return true;
  double value = 0;
  const char* end = written.data() + written.size();
  const auto [at, error] = std::from_chars(written.data(), end, value);
  return error == std::errc::result_out_of_range && at == end;
}

// Numbers as they were written, where that is known; what is longer than a number keeps with what
// it is rounded to, which the limits judge.
std::string shown(const GivenValue& given) {
  constexpr std::size_t kLongestExact = 17;
  if (given.written.empty()) return given.value.for_message();
  if (const std::optional<double> number = given.value.number()) {
    const std::string written = for_message(given.written);
    if (given.written.size() <= kLongestExact) return written;
    return fmt::format("{}, rounded {}", written, *number);
  }
  if (!is_beyond_all_numbers(given.written)) return given.value.for_message();
  return for_message(given.written) + ", which is beyond all numbers";
}

void set_field(Draft& draft, const FieldRow& row, const GivenValue& given, std::string place) {
  const std::string must_be = row.set(draft.config, given, row.limits);
  if (!must_be.empty()) {
    const std::string* word = given.value.text();
    const std::string renamed = renamed_word(row.documented.key, word ? *word : std::string_view());
    if (!renamed.empty()) fail(place, renamed);
    fail(place, fmt::format("{} is {}; it must be {}", row.documented.key, shown(given), must_be));
  }
  draft.places[row.documented.key] = std::move(place);
}

bool is_section(std::string_view name) {
  const auto names = section_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The values of a section under their full keys; keys of no known section keep all their dots.
void collect_section(const toml_input::Entry& section, std::vector<toml_input::Entry>& entries) {
  const std::string& name = section.key;
  const std::vector<toml_input::Entry> values = section.value.entries();
  if (values.empty() && (!section.value.is_table() || !is_section(name))) {
    if (is_section(name)) {
      fail(section.place(), fmt::format("{0} is {1}; it must be a section, [{0}]", name,
                                        section.value.for_message()));
    }
    if (!section.value.is_table()) row_of(name, section.place());
    fail(section.place(), fmt::format("[{}] is not a section; the sections are {}",
                                      for_message(name), fmt::join(section_names(), ", ")));
  }
  for (const toml_input::Entry& entry : values) {
    entries.push_back(entry);
    entries.back().key = fmt::format("{}.{}", name, entry.key);
  }
}

// In the order of the file, so that the first mistake in it is the one reported.
std::vector<toml_input::Entry> entries_of(const toml_input::Table& root) {
  std::vector<toml_input::Entry> entries;
  for (const toml_input::Entry& section : root.entries()) collect_section(section, entries);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  return entries;
}

void read_document(std::string_view text, const std::string& file, Draft& draft) {
  const toml_input::Document document =
      toml_input::parse_document(text, file, {.what = "a configuration"});
  for (const toml_input::Entry& entry : entries_of(document.root())) {
    set_field(draft, row_of(entry.key, entry.place()), {entry.value, {}}, entry.place());
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
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
  std::optional<toml_input::Document> document = toml_input::parse_value(written);
  if (!document || (row.is_text && document->root().get("value").text() == nullptr)) {
    document = toml_input::parse_value(core::toml_string(written));
    if (!document) fail(place, fmt::format("{} must be UTF-8 text", key));
  }
  set_field(draft, row, {document->root().get("value"), written}, place);
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
std::string renamed_in(const toml_input::Entry& entry) {
  std::string renamed = renamed_key(entry.key);
  const std::string* word = entry.value.text();
  return renamed.empty() && word != nullptr ? renamed_word(entry.key, *word) : renamed;
}

}  // namespace

std::string find_renamed(std::string_view toml) {
  try {
    const toml_input::Document document =
        toml_input::parse_document(toml, "", {.what = "a configuration"});
    for (const toml_input::Entry& entry : entries_of(document.root())) {
      if (std::string renamed = renamed_in(entry); !renamed.empty()) return renamed;
    }
  } catch (const core::Error&) {
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
