#include "edgeprune/cost/planner.h"

#include "edgeprune/core/error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <string>

namespace edgeprune::cost {
namespace {

// A device whose run takes 10 s of warm-up and 0.5 s for each kept sample, at 4 W, and stores 100
// bytes a sample.
RunCost cost_of_kept(std::uint32_t num_kept) {
  RunCost cost;
  cost.of(core::Activity::score) = {.seconds = 10, .joules = 40};
  cost.of(core::Activity::select) = {.joules = 0};
  cost.of(core::Activity::train) = {.seconds = 0.5 * num_kept, .joules = 2.0 * num_kept};
  cost.of(core::Activity::evaluate) = {.joules = 0};
  cost.of(core::Activity::other) = {.joules = 0};
  cost.stored_bytes = 100.0 * num_kept;
  cost.memory_bytes = 5000;
  return cost;
}

RunCost without_joules(std::uint32_t num_kept) {
  RunCost cost = cost_of_kept(num_kept);
  cost.of(core::Activity::train).joules = -1;
  return cost;
}

std::string message_of(const Budgets& budgets, const CostOf& cost_of) {
  try {
    (void)largest_that_fits(1000, budgets, cost_of);
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::config);
    return error.what();
  }
  return "";
}

// 10 + 0.5 M <= 60: M = 100.
TEST(LargestThatFits, SpendsTheSecondsThereAre) {
  const Fit fit = largest_that_fits(1000, {.seconds = 60}, cost_of_kept);
  EXPECT_EQ(fit.value, 100U);
  EXPECT_EQ(fit.binding, BudgetKind::seconds);
  ASSERT_EQ(fit.uses.size(), 1U);
  EXPECT_DOUBLE_EQ(fit.uses[0].used, 60);
}

// By joules 40 + 2 M <= 141 allows 50, by bytes 100 M <= 4999 allows 49, by seconds 1000 fit.
TEST(LargestThatFits, NamesTheBudgetThatBinds) {
  const Fit fit =
      largest_that_fits(1000, {.seconds = 1e6, .joules = 141, .stored_bytes = 4999}, cost_of_kept);
  EXPECT_EQ(fit.value, 49U);
  EXPECT_EQ(fit.binding, BudgetKind::stored_bytes);
  EXPECT_EQ(fit.uses.size(), 3U);
}

TEST(LargestThatFits, IsEverythingWhereTheBudgetsAreAmple) {
  const Fit fit = largest_that_fits(1000, {.seconds = 1e6}, cost_of_kept);
  EXPECT_EQ(fit.value, 1000U);
  EXPECT_EQ(fit.binding, std::nullopt);
}

TEST(LargestThatFits, SaysTheMinimumByPhase) {
  EXPECT_EQ(message_of({.seconds = 8}, cost_of_kept),
            "budget.seconds is 8; the minimum is 10.5 (score 10, select 0, train 0.5, "
            "evaluate 0, other 0)");
  EXPECT_EQ(message_of({.stored_bytes = 99, .memory_bytes = 4096}, cost_of_kept),
            "budget.bytes is 99; the minimum is 100; limits.memory_bytes is 4096; the "
            "minimum is 5000");
}

TEST(LargestThatFits, NeedsWattsForABudgetOfJoules) {
  EXPECT_EQ(message_of({.joules = 100}, without_joules),
            "budget.joules needs joules, which are not known without watts; add "
            "power.operating_watts to the device profile");
}

TEST(LargestThatFits, NeverAsksForLessThanTheLeast) {
  const CostOf strict = [](std::uint32_t num_kept) {
    EXPECT_GE(num_kept, 2U);
    return cost_of_kept(num_kept);
  };
  EXPECT_EQ(largest_that_fits(1000, {.seconds = 11.2}, strict, 2).value, 2U);
}

TEST(LargestThatFits, RefusesARangeWithNothingInIt) {
  EXPECT_THROW((void)largest_that_fits(1, {.seconds = 1e6}, cost_of_kept, 2), core::Error);
}

RC_GTEST_PROP(LargestThatFitsProperty, FitsEveryBudgetAndOneMoreDoesNot, ()) {
  const auto most = *rc::gen::inRange<std::uint32_t>(1, 5000);
  const Budgets budgets{.seconds = 10.5 + *rc::gen::inRange(0, 3000),
                        .joules = 42.0 + *rc::gen::inRange(0, 12000),
                        .stored_bytes = 100.0 + *rc::gen::inRange(0, 600000)};
  const Fit fit = largest_that_fits(most, budgets, cost_of_kept);
  for (const BudgetUse& use : fit.uses) RC_ASSERT(use.fits());
  RC_ASSERT((fit.value == most) == !fit.binding);
  if (fit.value == most) return;
  bool breaks = false;
  for (const BudgetUse& use : budget_uses(budgets, cost_of_kept(fit.value + 1))) {
    if (use.kind == fit.binding) breaks = !use.fits();
  }
  RC_ASSERT(breaks);
}

// 2 * 60 + 3 * 240 + 0.01 * 10000 = 940, with M = 100.
TEST(WeightedCost, IsEquation13) {
  EXPECT_DOUBLE_EQ(
      weighted_cost({.per_second = 2, .per_joule = 3, .per_byte = 0.01}, cost_of_kept(100)), 940);
}

TEST(WeightedCost, NeedsJoulesOnlyWhereTheyHaveAPrice) {
  EXPECT_DOUBLE_EQ(weighted_cost({.per_second = 2}, without_joules(100)), 120);
  EXPECT_THROW((void)weighted_cost({.per_joule = 1}, without_joules(100)), core::Error);
}

}  // namespace
}  // namespace edgeprune::cost
