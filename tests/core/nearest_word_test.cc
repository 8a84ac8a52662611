#include "edgeprune/core/nearest_word.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace edgeprune::core {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"top", "random", "random_scratch", "rs2"};

TEST(NearestWord, IsAFewLettersAway) {
  EXPECT_EQ(nearest_word("tpo", kWords), "top");  // two neighbours swapped: one edit
  EXPECT_EQ(nearest_word("to", kWords), "top");
  EXPECT_EQ(nearest_word("ranodm", kWords), "random");
  EXPECT_EQ(nearest_word("random_scrath", kWords), "random_scratch");
  EXPECT_EQ(nearest_word("random-scratch", kWords), "random_scratch");
}

TEST(NearestWord, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(nearest_word("", kWords), "");
  EXPECT_EQ(nearest_word("glister", kWords), "");
  EXPECT_EQ(nearest_word(std::string(1000, 'r'), kWords), "");
}

TEST(NearestWord, IsNoneWhereTwoAreEquallyNear) {
  constexpr std::array<std::string_view, 2> words = {"cat", "car"};
  EXPECT_EQ(nearest_word("cab", words), "");
  EXPECT_EQ(nearest_word("cat", words), "cat");
}

TEST(EditDistance, CountsSingleCharacterEdits) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(DidYouMean, EndsAMessage) {
  EXPECT_EQ(did_you_mean("ranodm", kWords), "; did you mean random?");
  EXPECT_EQ(did_you_mean("glister", kWords), "");
}

}  // namespace
}  // namespace edgeprune::core
