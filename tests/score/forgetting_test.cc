#include "warmup_log.h"

#include <gtest/gtest.h>

namespace edgeprune::score {
namespace {

/// A row of logits of two classes, label 0, correct or not.
void visit(Log& log, std::uint32_t sample, bool correct) {
  log.push_back({.samples = {sample}, .labels = {0}, .logits = {correct ? 1.0f : -1.0f, 0}});
}

Log log_of(const std::vector<std::string>& histories) {  // "+": correct, "-": wrong
  Log log;
  for (std::uint32_t n = 0; n < histories.size(); ++n) {
    for (const char mark : histories[n]) visit(log, n, mark == '+');
  }
  return log;
}

std::vector<float> forgetting_of(const std::vector<std::string>& histories) {
  const ScoreSize size{
      .num_samples = static_cast<std::uint32_t>(histories.size()), .num_classes = 2, .passes = 2};
  return column_after("forgetting", size, log_of(histories));
}

TEST(Forgetting, CountsHowOftenACorrectSampleTurnedWrong) {
  EXPECT_EQ(forgetting_of({"+++++", "-++++", "+-+-+", "+---+", "--+--"}),
            (std::vector<float>{0, 0, 2, 1, 1}));
}

TEST(Forgetting, ASampleNeverCorrectStandsAboveAllOthers) {
  EXPECT_EQ(forgetting_of({"+-+-+-", "------", "+-+-+-"}), (std::vector<float>{3, 6, 3}));
}

// The second has been seen twice only, and yet is not taken for one that was half learned.
TEST(Forgetting, NeverCorrectIsTheMostVisitsOfAnySample) {
  EXPECT_EQ(forgetting_of({"+-+-+-+", "--", "---"}), (std::vector<float>{3, 7, 7}));
}

TEST(Forgetting, OfOneVisitIsNoneOrNeverLearned) {
  EXPECT_EQ(forgetting_of({"+", "-"}), (std::vector<float>{0, 1}));
}

TEST(Forgetting, TakesTheFirstOfEqualLogitsForTheAnswer) {
  const Log log = {{.samples = {0, 1}, .labels = {0, 1}, .logits = {2, 2, 2, 2}}};
  EXPECT_EQ(column_after("forgetting", {.num_samples = 2, .num_classes = 2, .passes = 2}, log),
            (std::vector<float>{0, 1}));
}

}  // namespace
}  // namespace edgeprune::score
