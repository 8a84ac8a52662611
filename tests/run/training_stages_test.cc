#include "edgeprune/run/training_stages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace edgeprune::run {
namespace {

TrainingStages three_stages() {
  return {.stages = {{.sample_work = 0.25, .share = 0.2},
                     {.sample_work = 0.5, .share = 0.3},
                     {.sample_work = 1, .share = 0.5}},
          .step_samples = 32,
          .update_work = 2};
}

// 0.2 x 10,000 / (32 x 0.25 + 2) = 200; 0.3 x 10,000 / (32 x 0.5 + 2) = 166.7; the rest, 10,000 -
// 2,000 - 166 x 18 = 5,012, / 34 = 147.4.
TEST(TrainingStages, ShareOutWorkNotSteps) {
  TrainingStages stages = three_stages();
  stages.share_out(10'000);
  EXPECT_EQ(stages.stages[0].end, 200u);
  EXPECT_EQ(stages.stages[1].end, 366u);
  EXPECT_EQ(stages.num_steps(), 513u);
  EXPECT_EQ(&stages.at(0), &stages.stages[0]);
  EXPECT_EQ(&stages.at(199.5), &stages.stages[0]);
  EXPECT_EQ(&stages.at(200), &stages.stages[1]);
  EXPECT_EQ(&stages.at(366), &stages.stages[2]);
  EXPECT_EQ(&stages.at(9999), &stages.stages[2]);
}

TEST(TrainingStages, KnowTheMeanWorkOfTheStepsToCome) {
  TrainingStages stages = three_stages();
  stages.share_out(10'000);
  EXPECT_DOUBLE_EQ(stages.mean_share_from(0), (200 * 10 + 166 * 18 + 147 * 34) / (513.0 * 34));
  EXPECT_DOUBLE_EQ(stages.mean_share_from(300), (66 * 18 + 147 * 34) / (213.0 * 34));
  EXPECT_EQ(stages.mean_share_from(400), 1);
  EXPECT_EQ(stages.mean_share_from(1000), 1);
}

TEST(TrainingStages, OfOneSizeAreTheSteps) {
  TrainingStages stages{.stages = {{}}, .step_samples = 64};
  stages.share_out(64 * 49);
  EXPECT_EQ(stages.num_steps(), 49u);
  EXPECT_EQ(stages.mean_share_from(7), 1);
}

RC_GTEST_PROP(TrainingStages, NeverTakeMoreThanTheWorkAndLeaveLessThanAStep, ()) {
  TrainingStages stages = three_stages();
  stages.update_work = *rc::gen::inRange(0, 10);
  const double work = *rc::gen::inRange(200, 100'000);
  stages.share_out(work);
  double taken = 0;
  std::uint64_t before = 0;
  for (const TrainingStage& stage : stages.stages) {
    taken += static_cast<double>(stage.end - before) * stages.step_work(stage);
    before = stage.end;
  }
  RC_ASSERT(taken <= work + 1e-6);
  RC_ASSERT(taken > work - stages.step_work(stages.stages.back()));
}

}  // namespace
}  // namespace edgeprune::run
