#pragma once
// The one door through which TOML comes in: configurations, networks, budgets, device profiles,
// device lists and comparisons.
//
//   const Document file = parse_document(text, "devices.toml", {"a device list", kLargeFile});
//   for (const Table& device : file.root().tables("device")) ...
//
// The text may come from a stranger. Before it is parsed it is held against the limits below: the
// parser, like the destructor of what it makes, recurses with every part of a dotted key and every
// bracket, so that a small file could exhaust the stack. Within the limits it cannot.

#include "edgeprune/toml_input/table.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::toml_input {

inline constexpr std::size_t kSmallFile = 64 * 1024;   // bytes: settings written by hand
inline constexpr std::size_t kLargeFile = 256 * 1024;  // bytes: lists, and what programs write
inline constexpr std::size_t kMaxLineBytes = 16 * 1024;
inline constexpr std::size_t kMaxKeyParts = 16;  // of a dotted key, [a.b.c] or a.b.c = 1
inline constexpr std::size_t kMaxNesting = 16;   // of lists and inline tables

struct FileKind {
  std::string_view what;  // as a message calls it: "a configuration"
  std::size_t max_bytes = kSmallFile;
};

class Document {
 public:
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  /// Its keys have no prefix.
  [[nodiscard]] Table root() const;

 private:
  struct Content;
  explicit Document(std::unique_ptr<const Content> content);
  friend Document parse_document(std::string_view text, const std::string& name,
                                 const FileKind& kind);

  std::unique_ptr<const Content> content_;
};

/// `name` stands for the file in messages. What is beyond a limit or no TOML is an Error of kind
/// config with its line: "devices.toml:3: not valid TOML: ...".
[[nodiscard]] Document parse_document(std::string_view text, const std::string& name,
                                      const FileKind& kind);

/// One value by itself, as `key = VALUE` would hold it: the document's only entry, "value". Nothing
/// where the text is no TOML value, or beyond the limits of a small file.
[[nodiscard]] std::optional<Document> parse_value(std::string_view text);

}  // namespace edgeprune::toml_input
