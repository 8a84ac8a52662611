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

}  // namespace
}  // namespace edgeprune::core
