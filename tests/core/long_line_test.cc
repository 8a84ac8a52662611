#include "edgeprune/core/long_line.h"

#include <gtest/gtest.h>

namespace edgeprune::core {
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

}  // namespace
}  // namespace edgeprune::core
