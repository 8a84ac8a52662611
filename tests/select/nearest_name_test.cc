#include "nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace edgeprune::select {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"top", "random", "random_scratch", "rs2"};

TEST(NearestName, IsAFewLettersAway) {
  EXPECT_EQ(nearest_name("tpo", kNames), "");  // two letters of three
  EXPECT_EQ(nearest_name("to", kNames), "top");
  EXPECT_EQ(nearest_name("ranodm", kNames), "random");
  EXPECT_EQ(nearest_name("random_scrath", kNames), "random_scratch");
  EXPECT_EQ(nearest_name("random-scratch", kNames), "random_scratch");
}

TEST(NearestName, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("glister", kNames), "");
  EXPECT_EQ(nearest_name(std::string(1000, 'r'), kNames), "");
}

TEST(NearestName, IsNoneWhereTwoAreEquallyNear) {
  constexpr std::array<std::string_view, 2> names = {"cat", "car"};
  EXPECT_EQ(nearest_name("cab", names), "");
  EXPECT_EQ(nearest_name("cat", names), "cat");
}

}  // namespace
}  // namespace edgeprune::select
