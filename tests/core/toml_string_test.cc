#include "edgeprune/core/toml_string.h"

#include <gtest/gtest.h>

namespace edgeprune::core {
namespace {

// By the TOML 1.0 specification, "String": what must be escaped in a basic string.
TEST(TomlString, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(toml_string(""), "\"\"");
  EXPECT_EQ(toml_string("a \"b\" c\\d"), "\"a \\\"b\\\" c\\\\d\"");
  EXPECT_EQ(toml_string("x\ny\x7f"), "\"x\\u000Ay\\u007F\"");
  EXPECT_EQ(toml_string("\xc3\xa9"), "\"\xc3\xa9\"");
}

// By the table of RFC 3629, section 4, and the examples of what it rules out.
TEST(IsUtf8, FollowsTheRfc) {
  for (const char* text : {"", "ascii\n", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const char* text :
       {"\x80", "\xff", "\xc3", "\xe2\x82", "a\xe2\x82z", "\xc0\xaf", "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(text)) << ::testing::PrintToString(std::string(text));
  }
}

}  // namespace
}  // namespace edgeprune::core
