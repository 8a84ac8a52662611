#include "edgeprune/toml_input/document.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>

namespace edgeprune::toml_input {
namespace {

using core::ErrorKind;
using testing::expect_error;

constexpr FileKind kKind{.what = "a test"};

Document parsed(std::string_view text, const FileKind& kind = kKind) {
  return parse_document(text, "t.toml", kind);
}

std::string message_of(std::string_view text, const FileKind& kind = kKind) {
  try {
    (void)parsed(text, kind);
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.what();
  }
  return "";
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// 1 for a value that holds no others.
std::size_t depth_of(const Value& value) {
  std::size_t deepest = 0;
  for (const Entry& entry : value.entries()) deepest = std::max(deepest, depth_of(entry.value));
  for (const Value& element : value.elements()) deepest = std::max(deepest, depth_of(element));
  return deepest + 1;
}

std::size_t depth_of(const Table& table) {
  std::size_t deepest = 0;
  for (const Entry& entry : table.entries()) deepest = std::max(deepest, depth_of(entry.value));
  return deepest;
}

TEST(Document, TakesAFileOfJustTheMostBytes) {
  const std::string line = std::string(1023, '#') + "\n";
  EXPECT_EQ(message_of(repeated(line, 64)), "");
  EXPECT_EQ(message_of(repeated(line, 64) + "#"),
            "t.toml: it has 65537 bytes, a test has at most 65536; is it the right file?");
  EXPECT_EQ(message_of(repeated(line, 256), {"a test", kLargeFile}), "");
  EXPECT_EQ(message_of(repeated(line, 256) + "#", {"a test", kLargeFile}),
            "t.toml: it has 262145 bytes, a test has at most 262144; is it the right file?");
}

TEST(Document, TakesALineOfJustTheMostBytes) {
  EXPECT_EQ(message_of("\n#" + std::string(kMaxLineBytes - 1, 'a')), "");
  EXPECT_EQ(message_of("\n#" + std::string(kMaxLineBytes, 'a') + "\n"),
            "t.toml:2: the line has 16385 bytes; it may have 16384");
}

TEST(Document, TakesAKeyOfJustTheMostParts) {
  const std::string deepest = "a" + repeated(".a", kMaxKeyParts - 1);
  EXPECT_EQ(depth_of(parsed(deepest + " = 1").root()), kMaxKeyParts);
  EXPECT_EQ(depth_of(parsed("[" + deepest + "]").root()), kMaxKeyParts);
  for (const std::string& key : {deepest + ".a", deepest + " . 'a'", deepest + ".\"a\""}) {
    const std::string message = "t.toml:2: a key has more than 16 parts; it may have 16";
    EXPECT_EQ(message_of("b = 1\n" + key + " = 1"), message);
    EXPECT_EQ(message_of("b = 1\n[" + key + "]"), message);
    EXPECT_EQ(message_of("b = 1\n[[" + key + "]]"), message);
    EXPECT_EQ(message_of("b = 1\nc = {" + key + " = 1}"), message);
  }
}

TEST(Document, TakesBracketsNestedJustSoDeep) {
  const auto lists = [](std::size_t n) { return "a = " + repeated("[", n) + repeated("]", n); };
  const auto tables = [](std::size_t n) {
    return "a = " + repeated("{a = ", n) + "1" + repeated("}", n);
  };
  const std::string message = "t.toml:1: brackets are nested more than 16 deep; they may be 16";
  EXPECT_EQ(depth_of(parsed(lists(kMaxNesting)).root()), kMaxNesting);
  EXPECT_EQ(depth_of(parsed(tables(kMaxNesting)).root()), kMaxNesting + 1);
  EXPECT_EQ(message_of(lists(kMaxNesting + 1)), message);
  EXPECT_EQ(message_of(tables(kMaxNesting + 1)), message);
}

TEST(Document, CountsNoDotsOrBracketsOfStringsAndComments) {
  const std::string dots = repeated(".[{", 50);
  EXPECT_EQ(message_of("a = \"" + dots + "\\\"" + dots + "\" # " + dots), "");
  EXPECT_EQ(message_of("a = '" + dots + "\\'\n'" + dots + "' = 1"), "");
  EXPECT_EQ(message_of("a = \"\"\"\n" + dots + "\"\" \\\"\"\"" + dots + "\"\"\"\"\"\nb = 1"), "");
  EXPECT_EQ(message_of("a = '''\n" + dots + "'' \\ " + dots + "'''''\nb = 1"), "");
}

TEST(Document, CountsWhatStandsBehindAString) {
  const std::string deep = repeated("a.", 20) + "a = 1";
  for (const char* string : {"\"\"", "''", "\"\\\\\"", "'\\'", "\"\"\"\"\"\"", "''''''",
                             "\"\"\"x\"\"\"\"", "\"\"\"x\"\"\"\"\"", "'''x''''", "'''x'''''",
                             "\"\"\"\\\"\"\"\"", "\"'\"", "'\"'", "\"#\""}) {
    EXPECT_EQ(message_of("b = [" + std::string(string) + ", {" + deep + "}]"),
              "t.toml:1: a key has more than 16 parts; it may have 16")
        << string;
  }
}

TEST(Document, NamesTheLineOfASyntaxError) {
  expect_error(ErrorKind::config, {"t.toml:2: not valid TOML: "}, [] { (void)parsed("a = 1\nb"); });
  expect_error(ErrorKind::config, {"t.toml:1: not valid TOML: "}, [] { (void)parsed("\xff"); });
}

TEST(Document, OutlivesNothingItHandsOutWhenItMoves) {
  Document first = parsed("a = 'b'");
  const Value value = first.root().get("a");
  const Document second = std::move(first);
  EXPECT_EQ(*value.text(), "b");
  EXPECT_EQ(value.place(), "t.toml:1");
}

TEST(ParseValue, TakesOneValueAndNothingElse) {
  EXPECT_EQ(parse_value("3")->root().get("value").integer(), 3);
  EXPECT_EQ(*parse_value("'a.b'")->root().get("value").text(), "a.b");
  EXPECT_FALSE(parse_value(""));
  EXPECT_FALSE(parse_value("3\nother = 4"));
  EXPECT_FALSE(parse_value("many"));
  EXPECT_FALSE(parse_value(repeated("[", 100) + repeated("]", 100)));
}

// Keys and values of a file within the limits, with everything in strings that looks like depth.
std::string any_string() {
  const auto characters = rc::gen::elementOf(std::string("ab.[]{}=,#' "));
  return "\"" + *rc::gen::container<std::string>(characters) + "\"";
}

std::string any_key(std::size_t most_parts) {
  const auto parts = *rc::gen::inRange<std::size_t>(1, most_parts + 1);
  std::string key;
  for (std::size_t i = 0; i < parts; ++i) {
    key += (i == 0 ? "" : ".") + *rc::gen::element<std::string>("a", "b-1", "'c.d'", "\"[{#\"");
  }
  return key;
}

std::string any_value(int nesting) {
  const int kind = *rc::gen::inRange(0, nesting > 0 ? 5 : 3);
  if (kind == 0) return std::to_string(*rc::gen::inRange(-9, 9)) + ".5";
  if (kind <= 2) return any_string();
  if (kind == 3) return "[" + any_value(nesting - 1) + ", " + any_value(nesting - 1) + "]";
  return "{" + any_key(3) + " = " + any_value(nesting - 1) + "}";
}

TEST(DocumentProperty, WhatIsWithinTheLimitsIsParsed) {
  EXPECT_TRUE(rc::check("a file within the limits is parsed", [] {
    std::string text;
    const int lines = *rc::gen::inRange(0, 6);
    for (int i = 0; i < lines; ++i) {
      text += "k" + std::to_string(i) + "." + any_key(kMaxKeyParts - 1) + " = " + any_value(4) +
              " # ..[" + any_string() + "\n";
    }
    RC_ASSERT(message_of(text).empty());
  }));
}

// Whatever the text, what comes of it is an Error of ours or a tree of bounded depth: a header of
// tables in lists, a key and values, each bracket holding a key again.
TEST(DocumentProperty, NoTextMakesADeepTree) {
  constexpr std::size_t kDeepest =
      2 * kMaxKeyParts + kMaxKeyParts + kMaxNesting * (1 + kMaxKeyParts);
  const std::string alphabet = "aab...[[{{}}]]==,,\"\"''\\\n\n# 1";
  EXPECT_TRUE(rc::check("no text makes a deep tree", [&] {
    std::string text;
    const int pieces = *rc::gen::inRange(1, 20);
    for (int i = 0; i < pieces; ++i) {
      const auto piece = *rc::gen::container<std::string>(rc::gen::elementOf(alphabet));
      text += repeated(piece, *rc::gen::element<std::size_t>(1, 1, 3, 40));
    }
    try {
      RC_ASSERT(depth_of(parsed(text).root()) <= kDeepest);
    } catch (const core::Error& error) {
      RC_ASSERT(std::string(error.what()).find('\n') == std::string::npos);
    }
  }));
}

}  // namespace
}  // namespace edgeprune::toml_input
