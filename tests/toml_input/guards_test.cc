#include "guards.h"

#include "edgeprune/core/error.h"
#include "edgeprune/toml_input/document.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

namespace edgeprune::toml_input {
namespace {

TEST(FirstLineAbove, NamesTheFirstOfSeveral) {
  const auto found = first_line_above("ab\nabcd\nabcdef\n", 3);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, 2u);
  EXPECT_EQ(found->length, 4u);
}

TEST(FirstLineAbove, TakesALineOfJustTheMost) {
  EXPECT_FALSE(first_line_above("abc\n\nabc", 3));
  EXPECT_FALSE(first_line_above("", 0));
}

TEST(FirstLineAbove, CountsALastLineWithoutItsEnd) {
  const auto found = first_line_above("a\nabcd", 3);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, 2u);
}

TEST(FirstTooDeep, TellsKeysFromBracketsAndNamesTheLine) {
  const DepthLimits limits{.key_parts = 2, .nesting = 2};
  EXPECT_FALSE(first_too_deep("a.b = [[1.5], [2.5]]\n[[c.d]]\ne.f = {g.h = {i.j = 1}}", limits));
  const auto key = first_too_deep("a = '''\n\n'''\na.b.c = 1", limits);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->line, 4u);
  EXPECT_TRUE(key->is_key);
  const auto brackets = first_too_deep("a = [\n{b = [\n", limits);
  ASSERT_TRUE(brackets);
  EXPECT_EQ(brackets->line, 2u);
  EXPECT_FALSE(brackets->is_key);
}

TEST(FirstTooDeep, TakesTextThatEndsInTheMiddle) {
  for (const char* text : {"a = \"", "a = \"\"\"", "a = '''x''", "a = \"\\", "a = \"\"\"\\", "#",
                           "'", "]]", "a = '''''"}) {
    EXPECT_FALSE(first_too_deep(text, {.key_parts = 2, .nesting = 2})) << text;
  }
}

std::size_t nesting_of(const Value& value) {
  std::size_t deepest = 0;
  for (const Entry& entry : value.entries()) deepest = std::max(deepest, nesting_of(entry.value));
  for (const Value& element : value.elements()) deepest = std::max(deepest, nesting_of(element));
  return deepest + 1;
}

// Limits so narrow that a string read in another way than the parser reads it would hide depth.
TEST(FirstTooDeepProperty, WhatPassesIsNoDeeperForTheParser) {
  const DepthLimits limits{.key_parts = 1, .nesting = 1};
  EXPECT_TRUE(rc::check("what passes is no deeper for the parser", [&] {
    const auto pieces = rc::gen::element<std::string>("\"", "\"\"", "\"\"\"", "'", "''", "'''",
                                                      "\\", "\\\"", "a", "#", "\n", "[", "]",
                                                      "{a=1}", "{a.b.c=1}", "[[1]]", ",", " ", "=");
    std::string text = "a = [";
    for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(pieces)) {
      text += piece;
    }
    // A header of one table in a list, its key, a bracket and the key in it.
    if (first_too_deep(text + "]", limits)) return;
    try {
      const Document document = parse_document(text + "]", "t.toml", {"a test"});
      for (const Entry& entry : document.root().entries()) RC_ASSERT(nesting_of(entry.value) <= 3u);
    } catch (const core::Error&) {
    }
  }));
}

}  // namespace
}  // namespace edgeprune::toml_input
