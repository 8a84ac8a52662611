#include "edgeprune/budget/budget_control.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace edgeprune::budget {
namespace {

BudgetRequest request() {
  return {.limits = {.seconds = 600},
          .spent = {.seconds = 100},
          .costs = {.step = {0.5, 2},
                    .largest_step = {0.6, 2.4},
                    .evaluation = {3, 12},
                    .finish = {1, 4}},
          .planned_steps = 10'000,
          .planned_evaluations = 9};
}

TEST(Budget, MakesAsManyStepsAsFitBesideWhatMustComeAtTheEnd) {
  const Decision decision = decide(request());
  EXPECT_EQ(decision.steps, 991u) << "(600 - 100 - 3 - 1 - 0.6) / 0.5, and one of 0.6";
  EXPECT_FALSE(decision.evaluates) << "evaluations between epochs teach nothing";
  EXPECT_EQ(decision.binds, "budget.seconds");
}

TEST(Budget, ChangesNothingWhereAllThatIsPlannedFits) {
  BudgetRequest q = request();
  q.planned_steps = 937;  // 936 * 0.5 + 0.6 + 10 evaluations of 3 + 1 = 499.6
  const Decision all = decide(q);
  EXPECT_EQ(all.steps, 937u);
  EXPECT_TRUE(all.evaluates);
  EXPECT_EQ(all.binds, "");
  q.planned_steps = 938;
  EXPECT_EQ(decide(q).steps, 938u) << "without the evaluations between";
  EXPECT_FALSE(decide(q).evaluates);
}

TEST(Budget, OfJoulesBindsByItself) {
  BudgetRequest q = request();
  q.limits = {.joules = 116};
  EXPECT_EQ(decide(q).steps, 49u) << "(116 - 12 - 4 - 2.4) / 2, and one of 2.4";
  EXPECT_EQ(decide(q).binds, "budget.joules");
}

TEST(Budget, WithoutRoomAllowsNoStep) {
  BudgetRequest q = request();
  q.spent.seconds = 599;
  EXPECT_EQ(decide(q).steps, 0u);
  EXPECT_FALSE(fits(q, 0));
  q.spent.seconds = 596;  // and 3 + 1
  EXPECT_TRUE(fits(q, 0));
  EXPECT_FALSE(fits(q, 1));
  q.spent.seconds = 595.4;  // and 0.6 + 3 + 1
  EXPECT_TRUE(fits(q, 1));
  EXPECT_FALSE(fits(q, 2));
}

TEST(Harvest, ComesInOverTime) {
  const BudgetLimits limits{.joules = 10, .harvest = {{0, 2}, {100, 0}, {200, 1}}};
  EXPECT_DOUBLE_EQ(limits.joules_by(50), 110);
  EXPECT_DOUBLE_EQ(limits.joules_by(150), 210);
  EXPECT_DOUBLE_EQ(limits.joules_by(205), 215);
  EXPECT_DOUBLE_EQ(limits.moment_of(215, 150).value(), 205);
  EXPECT_DOUBLE_EQ(limits.moment_of(60, 150).value(), 150) << "it is there already";
  EXPECT_DOUBLE_EQ(limits.moment_of(110, 10).value(), 50);
  const BudgetLimits ends{.harvest = {{0, 1}, {10, 0}}};
  EXPECT_FALSE(ends.moment_of(11, 0).has_value());
}

TEST(Harvest, CountsWhatWillHaveComeInByTheEnd) {
  BudgetRequest q = request();
  // A step of half a second takes 2 joules and half a second brings in 1.
  q.limits = {.joules = 16, .harvest = {{100, 2}}};
  q.costs.largest_step = q.costs.step;
  // 12 + 4 + 2 n <= 16 + 2 * (3 + 1 + n / 2): n <= 8.
  EXPECT_EQ(decide(q).steps, 8u);
}

TEST(Horizon, LeadsFromWhereTheScheduleIsToItsLastStep) {
  const Horizon horizon{.from = 40, .position = 40, .steps = 21};
  EXPECT_DOUBLE_EQ(horizon.position_at(40, 101), 40);
  EXPECT_DOUBLE_EQ(horizon.position_at(50, 101), 70);
  EXPECT_DOUBLE_EQ(horizon.position_at(60, 101), 100);
}

TEST(Horizon, NeverGoesBackAndAlwaysEndsWithTheLastRate) {
  EXPECT_TRUE(rc::check("positions ascend from the present one to the planned last", [] {
    const auto planned = *rc::gen::inRange<std::uint64_t>(2, 1000);
    const auto from = *rc::gen::inRange<std::uint64_t>(0, planned);
    const Horizon horizon{from, static_cast<double>(from),
                          *rc::gen::inRange<std::uint64_t>(1, 1000)};
    double before = horizon.steps > 1 ? static_cast<double>(from) : 0;
    for (std::uint64_t step = from; step < horizon.end(); ++step) {
      const double position = horizon.position_at(step, planned);
      RC_ASSERT(position >= before);
      before = position;
    }
    RC_ASSERT(before == static_cast<double>(planned - 1));
  }));
}

TEST(Horizon, OfUnchangedLengthIsThePlansOwn) {
  EXPECT_TRUE(rc::check("the same steps give the same positions, bit by bit", [] {
    const auto planned = *rc::gen::inRange<std::uint64_t>(2, 2000);
    const auto from = *rc::gen::inRange<std::uint64_t>(0, planned - 1);
    const Horizon horizon{from, static_cast<double>(from), planned - from};
    const auto step = *rc::gen::inRange<std::uint64_t>(from, planned);
    RC_ASSERT(std::abs(horizon.position_at(step, planned) - static_cast<double>(step)) < 1e-9);
  }));
}

TEST(Decisions, AreDueWhenHalfOfWhatWasLeftIsDone) {
  EXPECT_EQ(next_decision(100, 50), 125u);
  EXPECT_EQ(next_decision(100, 1), 101u);
  EXPECT_EQ(next_decision(100, 0), 101u);
}

TEST(Share, SpreadsStepsEvenlyOverThePassesLeft) {
  EXPECT_EQ(share_of_pass(30, 0, 3), 10u);
  EXPECT_EQ(share_of_pass(31, 0, 3), 11u);
  EXPECT_EQ(share_of_pass(25, 5, 3), 10u) << "5 of this pass are made";
  EXPECT_EQ(share_of_pass(4, 6, 1), 10u);
}

TEST(Pace, FollowsADeviceThatHasSlowedDown) {
  StepPace pace;
  for (int i = 0; i < 100; ++i) pace.add({1, 5});
  EXPECT_DOUBLE_EQ(pace.per_step().seconds, 1);
  pace.settle();
  for (int i = 0; i < 18; ++i) pace.add({3, 15});
  EXPECT_NEAR(pace.per_step().seconds, (18 * 3 + 8 * 1) / 26.0, 1e-12);
  EXPECT_DOUBLE_EQ(pace.largest().seconds, 3);
  EXPECT_NEAR(pace.largest().joules, 15, 1e-9) << "by the mean power";
}

TEST(Pace, TakesJoulesByThePowerOfManySteps) {
  StepPace pace;
  // 5 watts, by a meter that knows of every thirtieth joule.
  for (int i = 0; i < 600; ++i) {
    pace.add({1, i % 6 == 5 ? 30.0 : 0.0});
    if (i % 4 == 3) pace.settle();
  }
  EXPECT_NEAR(pace.per_step().joules, 5, 0.1);
  EXPECT_NEAR(pace.of_seconds(10).joules, 50, 1);
}

TEST(ForwardPace, IsSlowerWhereStepsHaveSlowedDownSinceAndNeverFaster) {
  ForwardPace forward;
  forward.take(2, 100);
  for (int i = 0; i < 7; ++i) forward.add_step(0.5);
  EXPECT_DOUBLE_EQ(forward.seconds_now(1.5), 0.02) << "not enough to compare with";
  forward.add_step(0.5);
  EXPECT_DOUBLE_EQ(forward.seconds_now(1.5), 0.06);
  EXPECT_DOUBLE_EQ(forward.seconds_now(0.25), 0.02);
  forward.take(3, 100);
  EXPECT_DOUBLE_EQ(forward.seconds_now(1.5), 0.03);
}

}  // namespace
}  // namespace edgeprune::budget
