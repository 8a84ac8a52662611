#pragma once
// A value of a TOML file, with the place where it stands.
//
// A Value is a view: it lives as long as the Document that it comes from. Copying one is cheap.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::toml_input {

struct Entry;

class Value {
 public:
  /// The line that it begins on, from 1.
  [[nodiscard]] std::size_t line() const;
  /// "train.toml:12"
  [[nodiscard]] std::string place() const;
  /// "train.toml", as it was called when it was parsed.
  [[nodiscard]] const std::string& file() const { return *file_; }

  [[nodiscard]] bool is_table() const;
  [[nodiscard]] bool is_list() const;

  // The value where it is of that kind; else nothing, null or no elements.

  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  /// Whole numbers too, rounded to the nearest double; inf and nan as they are.
  [[nodiscard]] std::optional<double> number() const;
  [[nodiscard]] const std::string* text() const;
  [[nodiscard]] std::vector<Value> elements() const;
  /// In the order of the file.
  [[nodiscard]] std::vector<Entry> entries() const;
  /// Of a table the value under that key.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;

  /// As TOML writes it, without comments; a table or a long list may take several lines.
  [[nodiscard]] std::string toml() const;
  /// On one line, for a message: "1.5", "\"text\"", "[ 64, 0 ]", "a table"; cut when very long.
  [[nodiscard]] std::string for_message() const;

 private:
  friend class Document;
  Value(const void* node, const std::string* file) : node_(node), file_(file) {}

  const void* node_;  // the parser's; its headers stay out of ours
  const std::string* file_;
};

/// A value under its key. For `a.b = 3` the entry `a` holds a table.
struct Entry {
  std::string key;
  Value value;
  std::size_t line;  // of the key

  /// "train.toml:12", the key's.
  [[nodiscard]] std::string place() const;
};

}  // namespace edgeprune::toml_input
