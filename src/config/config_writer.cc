#include "edgeprune/config/config.h"

#include "config_fields.h"

#include <fmt/format.h>

namespace edgeprune::config {
namespace {

// A bar would end the table's cell.
std::string escaped_bars(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string type_and_range(const ConfigField& field) {
  if (field.range.empty()) return field.type;
  const std::string_view each = field.type.starts_with("list") ? "each " : "";
  return fmt::format("{}, {}{}", field.type, each, field.range);
}

// The description, and what else there is to know that has no column of its own.
std::string meaning(const ConfigField& field) {
  std::string text(field.description);
  std::string_view value;
  for (const FieldNeed& need : field.needs) {
    if (need.value.empty()) {
      text += fmt::format(" Needs `{}`.", need.field);
    } else if (need.value == value) {
      text.pop_back();
      text += fmt::format(" and `{}`.", need.field);
    } else {
      text += fmt::format(" `{}` needs `{}`.", need.value, need.field);
    }
    value = need.value;
  }
  if (field.is_set_by_comparison) text += " A comparison sets it itself.";
  if (field.is_dropped_for_controls) text += " Controls do not take it over.";
  return text;
}

std::string table_row(const ConfigField& field, const Config& defaults) {
  return fmt::format("| `{}` | {} | {} | `{}` | {} | {} | {} |\n", name_of(field.key),
                     escaped_bars(type_and_range(field)), field.unit,
                     escaped_bars(field.value(defaults)), name_of(field.may_change),
                     name_of(field.decides), escaped_bars(meaning(field)));
}

}  // namespace

std::string to_toml(const Config& config) {
  std::string text;
  std::string_view section;
  for (const ConfigField& field : config_fields()) {
    if (section_of(field.key) != section) {
      if (!text.empty()) text += '\n';
      section = section_of(field.key);
      text += fmt::format("[{}]\n", section);
    }
    text += fmt::format("{} = {}\n", name_of(field.key), field.value(config));
  }
  return text;
}

std::string config_reference_markdown() {
  const Config defaults = unresolved_defaults();
  std::string text;
  std::string_view section;
  for (const ConfigField& field : config_fields()) {
    if (section_of(field.key) != section) {
      if (!text.empty()) text += '\n';
      section = section_of(field.key);
      text += fmt::format(
          "### [{}]\n\n"
          "| Field | Type | Unit | Default | May change | Decides | Meaning |\n"
          "|---|---|---|---|---|---|---|\n",
          section);
    }
    text += table_row(field, defaults);
  }
  return text;
}

}  // namespace edgeprune::config
