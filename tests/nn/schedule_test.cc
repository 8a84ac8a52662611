#include "edgeprune/nn/optimizer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::nn {
namespace {

TEST(Schedule, ConstantStays) {
  const Schedule schedule{.kind = ScheduleKind::constant, .base_learning_rate = 0.5f};
  for (const std::uint64_t step : {0U, 1U, 99U}) EXPECT_EQ(schedule.at(step, 100), 0.5f);
}

// (1 + cos(pi * s / 4)) / 2 for s = 0..3: 1, 0.853553, 0.5, 0.146447.
TEST(Schedule, CosineFallsFromTheBaseTowardsZero) {
  const Schedule schedule{.kind = ScheduleKind::cosine, .base_learning_rate = 1};
  EXPECT_EQ(schedule.at(0, 4), 1.0f);
  EXPECT_NEAR(schedule.at(1, 4), 0.853553, 1e-6);
  EXPECT_NEAR(schedule.at(2, 4), 0.5, 1e-7);
  EXPECT_NEAR(schedule.at(3, 4), 0.146447, 1e-6);
}

TEST(Schedule, OneCyclePeaksAtAFifth) {
  const Schedule schedule{
      .kind = ScheduleKind::one_cycle, .base_learning_rate = 1, .peak_learning_rate = 3};
  EXPECT_EQ(schedule.at(0, 100), 1.0f);
  EXPECT_FLOAT_EQ(schedule.at(10, 100), 2.0f);  // half of the way up
  EXPECT_FLOAT_EQ(schedule.at(20, 100), 3.0f);
  EXPECT_NEAR(schedule.at(60, 100), 1.5, 1e-6);  // half of the way down
  // 3 * (1 + cos(pi * 79 / 80)) / 2 = 3 * 0.000385506
  EXPECT_NEAR(schedule.at(99, 100), 0.00115652, 1e-7);
}

TEST(Schedule, LinearPeaksAtAFifthAndFallsInALineToZero) {
  const Schedule schedule{
      .kind = ScheduleKind::linear, .base_learning_rate = 1, .peak_learning_rate = 3};
  EXPECT_EQ(schedule.at(0, 100), 1.0f);
  EXPECT_FLOAT_EQ(schedule.at(10, 100), 2.0f);
  EXPECT_FLOAT_EQ(schedule.at(20, 100), 3.0f);
  EXPECT_FLOAT_EQ(schedule.at(60, 100), 1.5f);
  EXPECT_FLOAT_EQ(schedule.at(99, 100), 3.0f / 80);
  EXPECT_EQ(schedule.at(100, 100), 0.0f);
}

TEST(Schedule, OfOneStepBeginsAtTheBase) {
  for (const ScheduleKind kind : {ScheduleKind::constant, ScheduleKind::cosine,
                                  ScheduleKind::one_cycle, ScheduleKind::linear}) {
    const Schedule schedule{.kind = kind, .base_learning_rate = 1, .peak_learning_rate = 3};
    EXPECT_EQ(schedule.at(0, 1), 1.0f);
  }
}

RC_GTEST_PROP(ScheduleProperty, StaysWithinItsBounds, ()) {
  const auto planned = *rc::gen::inRange<std::uint64_t>(1, 10000);
  const auto step = *rc::gen::inRange<std::uint64_t>(0, planned);
  Schedule schedule{.base_learning_rate = 0.25f, .peak_learning_rate = 1};
  for (const ScheduleKind kind : {ScheduleKind::one_cycle, ScheduleKind::linear}) {
    schedule.kind = kind;
    RC_ASSERT(schedule.at(step, planned) > 0);
    RC_ASSERT(schedule.at(step, planned) <= 1);
  }
  schedule.kind = ScheduleKind::cosine;
  RC_ASSERT(schedule.at(step, planned) > 0);
  RC_ASSERT(schedule.at(step, planned) <= 0.25f);
}

}  // namespace
}  // namespace edgeprune::nn
