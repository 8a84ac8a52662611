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

std::string table_row(const ConfigField& field, const Config& defaults) {
  return fmt::format("| `{}` | {} | {} | `{}` | {} |\n", name_of(field.key),
                     escaped_bars(type_and_range(field)), field.unit,
                     escaped_bars(field.value(defaults)), escaped_bars(field.description));
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
          "| Field | Type | Unit | Default | Meaning |\n"
          "|---|---|---|---|---|\n",
          section);
    }
    text += table_row(field, defaults);
  }
  return text;
}

}  // namespace edgeprune::config
