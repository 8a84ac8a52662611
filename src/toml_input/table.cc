#include "edgeprune/toml_input/table.h"

#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgeprune::toml_input {

std::string Table::name_of(std::string_view key) const {
  return prefix_ + std::string(key);
}

std::optional<Value> Table::find(std::string_view key) const {
  return value_.find(key);
}

Value Table::get(std::string_view key) const {
  const std::optional<Value> value = find(key);
  if (!value) fail(fmt::format("{} is missing; add it", key));
  return *value;
}

std::size_t Table::word(std::string_view key, std::span<const std::string_view> words) const {
  std::size_t place = 0;
  check(key, read_word(get(key), words, place));
  return place;
}

std::optional<Table> Table::table(std::string_view key) const {
  const std::optional<Value> value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_table()) reject(key, fmt::format("a section, [{}]", name_of(key)));
  return Table(*value, name_of(key) + ".");
}

std::vector<Table> Table::tables(std::string_view key) const {
  const std::optional<Value> value = find(key);
  if (!value) return {};
  std::vector<Table> tables;
  for (const Value& element : value->elements()) {
    if (element.is_table()) tables.emplace_back(element, name_of(key) + ".");
  }
  if (!value->is_list() || tables.size() != value->elements().size()) {
    reject(key, fmt::format("a list of sections, [[{}]]", name_of(key)));
  }
  return tables;
}

void Table::reject_unknown_keys(std::span<const std::string_view> known,
                                std::string_view lead_in) const {
  for (const Entry& entry : entries()) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    toml_input::fail(entry.place(),
                     fmt::format("{}{} is not a field{}", prefix_, for_message(entry.key),
                                 hint(entry.key, known, lead_in)));
  }
}

void Table::reject(std::string_view key, std::string_view must_be) const {
  const Value value = get(key);
  toml_input::fail(value.place(), fmt::format("{} is {}; it must be {}", name_of(key),
                                              value.for_message(), must_be));
}

void Table::fail(std::string_view complaint) const {
  toml_input::fail(place(), fmt::format("{}{}", prefix_, complaint));
}

}  // namespace edgeprune::toml_input
