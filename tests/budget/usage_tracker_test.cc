#include "edgeprune/budget/usage_tracker.h"

#include <gtest/gtest.h>

#include <limits>
#include <new>

namespace edgeprune::budget {
namespace {

struct FakeUsage final : UsageMeter {
  core::Usage total() override {
    if (fails) throw std::bad_alloc();
    return now;
  }
  core::Usage now;
  bool fails = false;
};

TEST(UsageTracker, ThrowsAtTheNextCallWhatTheEndOfAnActivityThrew) {
  FakeUsage meter;
  RunUsage used;
  UsageTracker tracker(meter, used);
  {
    const auto training = tracker.during(core::Activity::train);
    meter.fails = true;
  }
  meter.fails = false;
  EXPECT_THROW((void)tracker.total(), std::bad_alloc);
}

TEST(UsageTracker, LeavesOutWhatIsNoNumber) {
  FakeUsage meter;
  RunUsage used;
  UsageTracker tracker(meter, used);
  meter.now = {.seconds = 1, .joules = std::numeric_limits<double>::infinity()};
  EXPECT_EQ(tracker.total().joules, 0);
  meter.now = {.seconds = 2, .joules = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(tracker.total().joules, 0);
  meter.now = {.seconds = 3, .joules = 7};
  EXPECT_EQ(tracker.total().joules, 7);
  EXPECT_EQ(tracker.total().seconds, 3);
}

}  // namespace
}  // namespace edgeprune::budget
