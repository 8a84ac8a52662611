#include "edgeprune/toml_input/document.h"

#include "edgeprune/core/error.h"
#include "edgeprune/toml_input/message.h"

#include "guards.h"

#include <fmt/format.h>
#include <toml++/toml.h>

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

toml::table parsed(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    fail(place_in(name, error.source().begin.line),
         fmt::format("not valid TOML: {}", for_message(error.description())));
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
