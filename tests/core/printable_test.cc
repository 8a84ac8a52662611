#include "edgeprune/core/printable.h"

#include "edgeprune/core/toml_string.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::core {
namespace {

TEST(Printable, LeavesWhatCanBeSeenAsItIs) {
  EXPECT_EQ(printable("a b~C:\\d \"e\""), "a b~C:\\d \"e\"");
  EXPECT_EQ(printable("gr\xc3\xb6\xc3\x9f"
                      "e \xe7\x8c\xab \xf0\x9f\x90\x88"),
            "gr\xc3\xb6\xc3\x9f"
            "e \xe7\x8c\xab \xf0\x9f\x90\x88");
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("\x1b[31mred\a\r\n\t\x7f"), "\\x1b[31mred\\x07\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m \xc2\x85"),
            "\\x9b31m \\x85");  // C1 controls, in UTF-8
}

TEST(Printable, EscapesWhatTurnsOrHidesText) {
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b\xe2\x81\xa6"
                      "c"),
            "a\\u202eb\\u2066c");
  EXPECT_EQ(printable("\xef\xbb\xbf\xe2\x80\x8b\xe2\x80\xa8"), "\\ufeff\\u200b\\u2028");
  EXPECT_EQ(printable("\xf3\xa0\x80\x81"), "\\U000e0001");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xff"
                      "a\x9b\xc3"),
            "\\xffa\\x9b\\xc3");
  EXPECT_EQ(printable("\xc0\xaf \xed\xa0\x80"), "\\xc0\\xaf \\xed\\xa0\\x80");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable(std::string(60, 'a')), std::string(60, 'a'));
  EXPECT_EQ(printable(std::string(61, 'a')), std::string(60, 'a') + "...");
  EXPECT_EQ(printable(std::string(59, 'a') + "\xc3\xb6"), std::string(59, 'a') + "...");
  EXPECT_EQ(printable(std::string(100, 'a'), kNoLimit), std::string(100, 'a'));
  EXPECT_EQ(printable(std::string(100, '\x80'), 3), "...");
}

TEST(PrintableLines, KeepLineBreaksAndTabsAlone) {
  EXPECT_EQ(printable_lines("a\tb\nc\r\n\x1b]0;title\a\n"), "a\tb\nc\\x0d\n\\x1b]0;title\\x07\n");
  EXPECT_EQ(printable_lines(std::string(1000, 'a')), std::string(1000, 'a'));
}

RC_GTEST_PROP(PrintableProperty, NothingOfItIsObeyed, (const std::vector<std::uint8_t>& bytes)) {
  const std::string text = printable(std::string(bytes.begin(), bytes.end()), kNoLimit);
  RC_ASSERT(is_utf8(text));
  for (const char c : text) RC_ASSERT(static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
  RC_ASSERT(printable(text, kNoLimit) == text);
}

}  // namespace
}  // namespace edgeprune::core
