#include "edgeprune/toml_input/value.h"

#include "edgeprune/toml_input/message.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace edgeprune::toml_input {
namespace {

const toml::node& as_node(const void* node) {
  return *static_cast<const toml::node*>(node);
}

// A document without text begins nowhere.
std::size_t line_of(const toml::source_region& source) {
  return std::max<std::size_t>(source.begin.line, 1);
}

std::string place_text(const std::string& file, std::size_t line) {
  return fmt::format("{}:{}", file, line);
}

}  // namespace

std::size_t Value::line() const {
  return line_of(as_node(node_).source());
}

std::string Value::place() const {
  return place_text(*file_, line());
}

std::string Entry::place() const {
  return place_text(value.file(), line);
}

bool Value::is_table() const {
  return as_node(node_).is_table();
}

bool Value::is_list() const {
  return as_node(node_).is_array();
}

std::optional<bool> Value::boolean() const {
  const auto* boolean = as_node(node_).as_boolean();
  return boolean == nullptr ? std::nullopt : std::optional(boolean->get());
}

std::optional<std::int64_t> Value::integer() const {
  const auto* integer = as_node(node_).as_integer();
  return integer == nullptr ? std::nullopt : std::optional(integer->get());
}

// The parser's own conversion refuses whole numbers that double rounds.
std::optional<double> Value::number() const {
  if (const auto whole = integer()) return static_cast<double>(*whole);
  const auto* floating = as_node(node_).as_floating_point();
  return floating == nullptr ? std::nullopt : std::optional(floating->get());
}

const std::string* Value::text() const {
  const auto* string = as_node(node_).as_string();
  return string == nullptr ? nullptr : &string->get();
}

std::vector<Value> Value::elements() const {
  std::vector<Value> elements;
  if (const toml::array* list = as_node(node_).as_array()) {
    for (const toml::node& element : *list) elements.push_back(Value(&element, file_));
  }
  return elements;
}

std::vector<Entry> Value::entries() const {
  const toml::table* table = as_node(node_).as_table();
  if (table == nullptr) return {};
  std::vector<std::pair<toml::source_position, Entry>> placed;
  for (const auto& [key, node] : *table) {
    placed.emplace_back(key.source().begin, Entry{.key = std::string(key.str()),
                                                  .value = Value(&node, file_),
                                                  .line = line_of(key.source())});
  }
  std::sort(placed.begin(), placed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Entry> entries;
  entries.reserve(placed.size());
  for (auto& [position, entry] : placed) entries.push_back(std::move(entry));
  return entries;
}

std::optional<Value> Value::find(std::string_view key) const {
  const toml::table* table = as_node(node_).as_table();
  const toml::node* node = table == nullptr ? nullptr : table->get(key);
  return node == nullptr ? std::nullopt : std::optional(Value(node, file_));
}

std::string Value::toml() const {
  std::ostringstream text;
  as_node(node_).visit([&text](const auto& value) { text << value; });
  return std::move(text).str();
}

std::string Value::for_message() const {
  if (is_table()) return "a table";
  if (const std::string* string = text()) {
    return fmt::format("\"{}\"", toml_input::for_message(*string));
  }
  if (!integer() && number()) return fmt::format("{}", *number());
  std::string line = toml();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return toml_input::for_message(line);
}

}  // namespace edgeprune::toml_input
