#include "text_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

namespace edgeprune::select {
namespace {

using Lines = std::vector<std::string>;

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(wrapped("the M highest scores", 9), (Lines{"the M", "highest", "scores"}));
  EXPECT_EQ(wrapped("the M highest scores", 20), (Lines{"the M highest scores"}));
  EXPECT_EQ(wrapped("", 5), (Lines{""}));
}

TEST(Wrapped, GivesAWordThatIsTooLongALineOfItsOwn) {
  EXPECT_EQ(wrapped("a facility_location b", 5), (Lines{"a", "facility_location", "b"}));
}

TEST(TableRow, SetsCellsSideBySide) {
  EXPECT_EQ(table_row({"top", "keep the hardest", "x"}, {4, 8, 3}),
            "top   keep the  x\n"
            "      hardest\n");
}

RC_GTEST_PROP(WrappedProperty, LosesNoWordAndKeepsToTheWidth, ()) {
  const auto words = *rc::gen::container<Lines>(rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::inRange('a', static_cast<char>('z' + 1)))));
  const auto width = *rc::gen::inRange<std::size_t>(1, 40);
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  std::string joined;
  for (const std::string& line : wrapped(text, width)) {
    RC_ASSERT(line.size() <= width || line.find(' ') == std::string::npos);
    joined += line + ' ';
  }
  RC_ASSERT(joined == (words.empty() ? " " : text));
}

}  // namespace
}  // namespace edgeprune::select
