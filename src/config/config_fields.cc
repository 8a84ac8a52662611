#include "config_fields.h"

#include "edgeprune/core/nearest_word.h"

#include "field_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace edgeprune::config {
namespace {

std::vector<FieldRow> all_rows() {
  std::vector<FieldRow> rows;
  for (const auto& section :
       {data_source_rows, data_sample_rows, model_rows, score_rows, prune_rows, step_rows,
        schedule_rows, optimizer_rows, group_rows, limits_rows, budget_rows, energy_rows,
        device_rows, pause_rows, run_rows}) {
    for (FieldRow& row : section()) rows.push_back(std::move(row));
  }
  return rows;
}

// A key in the wrong section is as near as one with a single wrong letter.
std::size_t distance_between(std::string_view unknown, std::string_view key) {
  return std::min(core::edit_distance(unknown, key),
                  1 + core::edit_distance(name_of(unknown), name_of(key)));
}

// "prune.*" for keys that are all of their section, in the order of the table.
bool is_whole_section(std::string_view section, FieldQuery which) {
  return std::all_of(config_fields().begin(), config_fields().end(), [&](const ConfigField& field) {
    return section_of(field.key) != section || which(field);
  });
}

}  // namespace

std::string_view name_of(FieldPath path) {
  switch (path) {
    case FieldPath::path:
      return "path";
    case FieldPath::path_or_name:
      return "name or path";
    case FieldPath::none:
      break;
  }
  return "";
}

std::string_view name_of(MayChange when) {
  switch (when) {
    case MayChange::until_selected:
      return "until selected";
    case MayChange::always:
      return "always";
    case MayChange::never:
      break;
  }
  return "never";
}

std::string_view name_of(Decides what) {
  switch (what) {
    case Decides::last_bits:
      return "last bits";
    case Decides::bits:
      return "bits";
    case Decides::nothing:
      break;
  }
  return "nothing";
}

const std::vector<FieldRow>& field_rows() {
  static const std::vector<FieldRow> rows = all_rows();
  return rows;
}

const std::vector<ConfigField>& config_fields() {
  static const std::vector<ConfigField> fields = [] {
    std::vector<ConfigField> documented;
    for (const FieldRow& row : field_rows()) documented.push_back(row.documented);
    return documented;
  }();
  return fields;
}

Config with_defaults(Config config, FieldQuery which) {
  const Config defaults;
  for (const ConfigField& field : config_fields()) {
    if (which(field)) field.copy(defaults, config);
  }
  return config;
}

std::string list_fields(FieldQuery which) {
  std::vector<std::string> keys;
  for (const ConfigField& field : config_fields()) {
    if (!which(field)) continue;
    const std::string_view section = section_of(field.key);
    std::string key =
        is_whole_section(section, which) ? fmt::format("{}.*", section) : std::string(field.key);
    if (keys.empty() || keys.back() != key) keys.push_back(std::move(key));
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

const ConfigField* find_field(std::string_view key) {
  const FieldRow* row = find_row(key);
  return row == nullptr ? nullptr : &row->documented;
}

const FieldRow* find_row(std::string_view key) {
  for (const FieldRow& row : field_rows()) {
    if (row.documented.key == key) return &row;
  }
  return nullptr;
}

std::string_view nearest_key(std::string_view unknown) {
  if (unknown.size() > core::kLongestWordCompared) return {};
  std::string_view nearest;
  std::size_t nearest_distance = name_of(unknown).size() / 2;
  for (const FieldRow& row : field_rows()) {
    const std::size_t distance = distance_between(unknown, row.documented.key);
    if (distance > nearest_distance || (distance == nearest_distance && !nearest.empty())) continue;
    nearest = row.documented.key;
    nearest_distance = distance;
  }
  return nearest;
}

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  for (const FieldRow& row : field_rows()) {
    const std::string_view section = section_of(row.documented.key);
    if (names.empty() || names.back() != section) names.push_back(section);
  }
  return names;
}

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

std::string_view name_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

Config unresolved_defaults() {
  Config config;
  config.train.schedule.peak_learning_rate = 0;
  return config;
}

}  // namespace edgeprune::config
