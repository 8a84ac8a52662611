#include "edgeprune/energy/tally.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace edgeprune::energy {
namespace {

MeterInfo counter(double wrap_joules = 0) {
  return {.method = Method::counter, .wrap_joules = wrap_joules};
}

MeterInfo power() {
  return {.method = Method::integrated};
}

void expect_counts(const Tally& tally, const ReadingCounts& expected) {
  EXPECT_EQ(tally.counts().samples, expected.samples);
  EXPECT_EQ(tally.counts().gaps, expected.gaps);
  EXPECT_EQ(tally.counts().wraps, expected.wraps);
}

TEST(Tally, GivesWhatACounterRoseBy) {
  Tally tally(counter());
  EXPECT_DOUBLE_EQ(tally.add(0, 100), 0);
  EXPECT_DOUBLE_EQ(tally.add(1, 103.5), 3.5);
  EXPECT_DOUBLE_EQ(tally.add(2, 104), 0.5);
  EXPECT_DOUBLE_EQ(tally.joules(), 4);
  expect_counts(tally, {.samples = 3});
}

TEST(Tally, SumsWattsByTrapezoids) {
  Tally tally(power());
  EXPECT_DOUBLE_EQ(tally.add(10, 10), 0);
  EXPECT_DOUBLE_EQ(tally.add(12, 20), 30);  // 2 s at 15 W
  EXPECT_DOUBLE_EQ(tally.add(12.5, 0), 5);  // 0.5 s at 10 W
  EXPECT_DOUBLE_EQ(tally.joules(), 35);
}

TEST(Tally, CountsModelledPowerAsWatts) {
  Tally tally({.method = Method::modelled});
  tally.add(0, 7);
  EXPECT_DOUBLE_EQ(tally.add(10, 7), 70);
}

TEST(Tally, BridgesAGapBetweenWatts) {
  Tally tally(power());
  tally.add(0, 10);
  EXPECT_DOUBLE_EQ(tally.add(1, std::nullopt), 0);
  EXPECT_DOUBLE_EQ(tally.add(4, 20), 60);  // 4 s at 15 W
  expect_counts(tally, {.samples = 2, .gaps = 1});
}

TEST(Tally, LosesNothingOfACounterInAGap) {
  Tally tally(counter());
  tally.add(0, 10);
  tally.add(1, std::nullopt);
  EXPECT_DOUBLE_EQ(tally.add(2, 18), 8);
  expect_counts(tally, {.samples = 2, .gaps = 1});
}

TEST(Tally, BeginsWithTheFirstReadingThatWorks) {
  Tally tally(counter());
  tally.add(0, std::nullopt);
  EXPECT_DOUBLE_EQ(tally.add(1, 1000), 0);
  EXPECT_DOUBLE_EQ(tally.add(2, 1001), 1);
}

TEST(Tally, GoesOnOverAWrap) {
  Tally tally(counter(1000));
  tally.add(0, 990);
  EXPECT_DOUBLE_EQ(tally.add(1, 5), 15);
  expect_counts(tally, {.samples = 2, .wraps = 1});
}

TEST(Tally, TakesAFallForAResetWhereNoWrapIsKnown) {
  Tally tally(counter());
  tally.add(0, 500);
  EXPECT_DOUBLE_EQ(tally.add(1, 3), 0);
  EXPECT_DOUBLE_EQ(tally.add(2, 10), 7);
  expect_counts(tally, {.samples = 2, .gaps = 1});
}

TEST(Tally, TakesAFallForAResetWhereAWrapWouldNeedTooMuchPower) {
  Tally tally(counter(262143));
  tally.add(0, 100000);
  EXPECT_DOUBLE_EQ(tally.add(1, 5), 0);  // a wrap: 162148 J within a second
  expect_counts(tally, {.samples = 1, .gaps = 1});
}

TEST(Tally, GivesNothingWhileTheClockStandsStill) {
  Tally watts(power());
  watts.add(1, 10);
  EXPECT_DOUBLE_EQ(watts.add(1, 30), 0);
  EXPECT_DOUBLE_EQ(watts.add(2, 30), 30);
  Tally joules(counter());
  joules.add(1, 100);
  EXPECT_DOUBLE_EQ(joules.add(1, 104), 0);
  EXPECT_DOUBLE_EQ(joules.add(2, 105), 5);
}

TEST(Tally, TakesAClockThatStepsBackForAGap) {
  Tally watts(power());
  watts.add(5, 10);
  EXPECT_DOUBLE_EQ(watts.add(3, 10), 0);
  EXPECT_DOUBLE_EQ(watts.add(4, 10), 10);
  expect_counts(watts, {.samples = 2, .gaps = 1});
  Tally joules(counter());
  joules.add(5, 100);
  EXPECT_DOUBLE_EQ(joules.add(3, 104), 0);
  EXPECT_DOUBLE_EQ(joules.add(4, 106), 6);
  expect_counts(joules, {.samples = 2, .gaps = 1});
}

TEST(Tally, TakesReadingsThatMakeNoSenseForGaps) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Tally tally(counter(1000));
  tally.add(0, 100);
  double second = 0;
  for (const double garbage : {-1.0, kNan, kInfinity, -kInfinity, 1001.0}) {
    EXPECT_DOUBLE_EQ(tally.add(++second, garbage), 0) << garbage;
  }
  EXPECT_DOUBLE_EQ(tally.add(++second, 102), 2);
  expect_counts(tally, {.samples = 2, .gaps = 5});
}

TEST(Tally, TakesAbsurdWattsForGapsAndKeepsTheFirst) {
  Tally tally(power());
  tally.add(0, 10);
  double second = 0;
  for (const double absurd : {1e308, -1e308, 100'001.0}) {
    EXPECT_DOUBLE_EQ(tally.add(++second, absurd), 0) << absurd;
  }
  EXPECT_DOUBLE_EQ(tally.add(4, 20), 60);  // 4 s at 15 W
  EXPECT_DOUBLE_EQ(tally.add(5, 1e-320), 10);
  expect_counts(tally, {.samples = 3, .gaps = 3});
  EXPECT_EQ(tally.absurd(), "1e+308 W, more than 100000 W");
}

TEST(Tally, TakesACounterThatJumpsFurtherThanAnyPowerForAGap) {
  Tally tally(counter());
  tally.add(0, 100);
  EXPECT_DOUBLE_EQ(tally.add(1, 1e12), 0);
  EXPECT_DOUBLE_EQ(tally.add(2, 1e12 + 3), 3);
  EXPECT_DOUBLE_EQ(tally.add(3, 1e300), 0);
  EXPECT_DOUBLE_EQ(tally.add(4, 1e12 + 8), 5);
  expect_counts(tally, {.samples = 3, .gaps = 2});
  EXPECT_EQ(tally.absurd(), "999999999900 J more within 1 s");
}

TEST(Tally, GoesOnWithACoarseCounterThatSeldomMoves) {
  Tally tally(counter());
  for (int tenth = 0; tenth <= 100; ++tenth) tally.add(tenth / 10.0, 7200);
  EXPECT_DOUBLE_EQ(tally.add(10.1, 7200 + 360'000), 360'000);  // a tenth of a kWh
  EXPECT_EQ(tally.absurd(), "");
}

std::optional<double> any_reading() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return std::nullopt;
    case 1:
      return *rc::gen::element(kInfinity, -kInfinity, -1.0, -0.0, 1e300, 1e308, -1e308, 1e-320,
                               1e15, 99'999.0);
    default:
      return *rc::gen::inRange(0, 2000) / 2.0;
  }
}

RC_GTEST_PROP(TallyProperty, IsNeverNegativeAndSumsWhatItGave, ()) {
  const Method method = *rc::gen::element(Method::counter, Method::integrated, Method::modelled);
  Tally tally({.method = method, .wrap_joules = *rc::gen::element(0.0, 700.0)});
  const auto num_readings = *rc::gen::inRange<std::uint64_t>(0, 50);
  double seconds = 0;
  double sum = 0;
  for (std::uint64_t i = 0; i < num_readings; ++i) {
    seconds += *rc::gen::inRange(-3, 10) / 4.0;
    const double joules = tally.add(seconds, any_reading());
    RC_ASSERT(joules >= 0);
    RC_ASSERT(joules <= 1e8);
    sum += joules;
  }
  RC_ASSERT(tally.joules() == sum);
  RC_ASSERT(tally.counts().samples + tally.counts().gaps == num_readings);
}

// Whole joules, so that sums are exact.
RC_GTEST_PROP(TallyProperty, GivesTheTrueTotalOfACounterThatWraps, ()) {
  constexpr int kWrap = 1000;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, kWrap));
  Tally tally(counter(kWrap));
  int total = *rc::gen::inRange(0, kWrap);
  const int begin = total;
  tally.add(0, total);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    total += steps[i];
    tally.add(static_cast<double>(i + 1), total % kWrap);
  }
  RC_ASSERT(tally.joules() == total - begin);
  RC_ASSERT(tally.counts().wraps == static_cast<std::uint64_t>(total / kWrap));
}

}  // namespace
}  // namespace edgeprune::energy
