#include "edgeprune/toml_input/document.h"

#include "edgeprune/core/error.h"
#include "edgeprune/toml_input/message.h"

#include "guards.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace edgeprune::toml_input {
namespace {

std::string place_in(const std::string& name, std::size_t line) {
  return fmt::format("{}:{}", name, line);
}

void check_lengths(std::string_view text, const std::string& name, const FileKind& kind) {
  if (text.size() > kind.max_bytes) {
    fail(name, fmt::format("it has {} bytes, {} has at most {}; is it the right file?", text.size(),
                           kind.what, kind.max_bytes));
  }
  const auto line = first_line_above(text, kMaxLineBytes);
  if (!line) return;
  fail(place_in(name, line->number),
       fmt::format("the line has {} bytes; it may have {}", line->length, kMaxLineBytes));
}

void check_depth(std::string_view text, const std::string& name) {
  const auto found = first_too_deep(text, {.key_parts = kMaxKeyParts, .nesting = kMaxNesting});
  if (!found) return;
  fail(place_in(name, found->line),
       found->is_key
           ? fmt::format("a key has more than {0} parts; it may have {0}", kMaxKeyParts)
           : fmt::format("brackets are nested more than {0} deep; they may be {0}", kMaxNesting));
}

std::string_view line_of(std::string_view text, std::size_t number) {
  while (--number > 0) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  return text.substr(0, text.find('\n'));
}

// " (epochs)" where the line gives a value to that key before the column, 1, 2, ...; else "".
std::string key_before(std::string_view line, std::size_t column) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t equals = line.substr(0, column).rfind('=');
  if (equals == std::string_view::npos) return "";
  std::string_view key = line.substr(0, equals);
  const std::size_t before = key.find_last_of("{,=");
  if (before != std::string_view::npos) key.remove_prefix(before + 1);
  key.remove_prefix(std::min(key.find_first_not_of(kBlanks), key.size()));
  key = key.substr(0, key.find_last_not_of(kBlanks) + 1);
  return key.empty() ? "" : fmt::format(" ({})", for_message(key));
}

toml::table parsed(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    fail(place_in(name, at.line),
         fmt::format("not valid TOML: {}{}", for_message(error.description()),
                     key_before(line_of(text, std::max<std::size_t>(at.line, 1)), at.column)));
  }
}

}  // namespace

struct Document::Content {
  Content(std::string_view text, const std::string& file) : name(file), root(parsed(text, file)) {}

  std::string name;
  toml::table root;
};

Document::Document(std::unique_ptr<const Content> content) : content_(std::move(content)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Table Document::root() const {
  const toml::node& root = content_->root;
  return {Value(&root, &content_->name), ""};
}

Document parse_document(std::string_view text, const std::string& name, const FileKind& kind) {
  check_lengths(text, name, kind);
  check_depth(text, name);
  return Document(std::make_unique<const Document::Content>(text, name));
}

std::optional<Document> parse_value(std::string_view text) {
  try {
    Document document = parse_document(fmt::format("value = {}\n", text), "", {"a value"});
    if (document.root().entries().size() == 1) return document;
  } catch (const core::Error&) {
  }
  return std::nullopt;
}

}  // namespace edgeprune::toml_input
