#include "edgeprune/core/keep_ratio.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace edgeprune::core {
namespace {

using testing::expect_error;

__extension__ using Int128 = __int128;

std::uint32_t kept(std::string_view ratio, std::uint32_t num_samples) {
  return KeepRatio::parse(ratio).num_kept(num_samples);
}

TEST(KeepRatio, FloorsTheDecimalThatWasWritten) {
  EXPECT_EQ(kept("0.29", 100), 29U);  // in doubles 0.29 * 100 is 28.999...
  EXPECT_EQ(kept("0.57", 100), 57U);  // 56.999...
  EXPECT_EQ(kept("0.1", 3333), 333U);
  EXPECT_EQ(kept("0.999999", 1000), 999U);
  EXPECT_EQ(kept("0.3", 10), 3U);
}

TEST(KeepRatio, FloorsTheShortestDecimalOfADouble) {
  EXPECT_EQ(KeepRatio::from_double(0.29).num_kept(100), 29U);
  EXPECT_EQ(KeepRatio::from_double(0.1).num_kept(3333), 333U);
  EXPECT_EQ(KeepRatio::from_double(1.0).num_kept(7), 7U);
  EXPECT_EQ(KeepRatio::from_double(1e-5).num_kept(100000), 1U);
}

TEST(KeepRatio, ReadsEveryWayToWriteADecimal) {
  EXPECT_EQ(kept(".25", 8), 2U);
  EXPECT_EQ(kept("0.250", 8), 2U);
  EXPECT_EQ(kept("00.25", 8), 2U);
  EXPECT_EQ(kept("2e-3", 1000), 2U);
  EXPECT_EQ(kept("2E-3", 1000), 2U);
  EXPECT_EQ(kept("0.02e+1", 10), 2U);
  EXPECT_EQ(kept("10e-1", 7), 7U);
  EXPECT_EQ(kept("1", 7), 7U);
  EXPECT_EQ(kept("1.", 7), 7U);
  EXPECT_EQ(kept("1.0", 7), 7U);
}

TEST(KeepRatio, KeepsEverythingByDefault) {
  EXPECT_EQ(KeepRatio().num_kept(12), 12U);
  EXPECT_EQ(KeepRatio().as_written(), "1");
  EXPECT_EQ(KeepRatio().value(), 1.0);
}

TEST(KeepRatio, RemembersTheTextAsWritten) {
  EXPECT_EQ(KeepRatio::parse("0.250").as_written(), "0.250");
  EXPECT_EQ(KeepRatio::from_double(0.1).as_written(), "0.1");
  EXPECT_EQ(KeepRatio::parse("0.250").value(), 0.25);
}

TEST(KeepRatio, TakesEighteenDigitsAndTheLargestCount) {
  EXPECT_EQ(kept("0.999999999999999999", 4294967295U), 4294967294U);
  EXPECT_EQ(kept("1", 4294967295U), 4294967295U);
}

TEST(KeepRatio, RejectsWhatIsNotInTheRange) {
  for (const std::string_view text : {"0", "0.0", "0e-5", "1.4", "-0.1", "1.000001", "2", "1e1"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::config, {text.data(), "(0, 1]"}, [&] { (void)KeepRatio::parse(text); });
  }
}

TEST(KeepRatio, RejectsWhatIsNotADecimal) {
  for (const std::string_view text : {"abc", "", ".", "e", "1e", "0.1.2", "0,1", " 0.1", "0.1 ",
                                      "0.1x", "1e-3x", "nan", "inf", "0x1", "+0.1", "50%"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::config, {"keep ratio", "such as 0.1"},
                 [&] { (void)KeepRatio::parse(text); });
  }
}

TEST(KeepRatio, RejectsTwoSignsInAnExponent) {
  expect_error(ErrorKind::config, {"1e+-5"}, [] { (void)KeepRatio::parse("1e+-5"); });
}

TEST(KeepRatio, RejectsNineteenDigits) {
  expect_error(ErrorKind::config, {"0.1234567890123456789"},
               [] { (void)KeepRatio::parse("0.1234567890123456789"); });
}

TEST(KeepRatio, RejectsExponentsWithoutBounds) {
  for (const std::string_view text : {"1e-99", "0.5e-2147483648", "5e-99999999999999999999"}) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::config, {text.data()}, [&] { (void)KeepRatio::parse(text); });
  }
}

TEST(KeepRatio, RejectsDoublesThatAreNoRatio) {
  for (const double value : {0.0, -0.5, 1.5, 5e-324, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    SCOPED_TRACE(value);
    expect_error(ErrorKind::config, {"keep ratio"}, [&] { (void)KeepRatio::from_double(value); });
  }
}

TEST(KeepRatio, NamesTheSmallestUsableRatioWhereItKeepsNone) {
  expect_error(ErrorKind::config, {"0.001", "100 samples", "0.01"},
               [] { (void)kept("0.001", 100); });
}

TEST(SmallestUsableKeepRatio, IsRoundedUpToThreeDigits) {
  EXPECT_EQ(smallest_usable_keep_ratio(1), "1");
  EXPECT_EQ(smallest_usable_keep_ratio(2), "0.5");
  EXPECT_EQ(smallest_usable_keep_ratio(3), "0.334");      // 1/3 = 0.33333...
  EXPECT_EQ(smallest_usable_keep_ratio(11), "0.091");     // 1/11 = 0.090909...
  EXPECT_EQ(smallest_usable_keep_ratio(101), "0.00991");  // 1/101 = 0.00990099...
  EXPECT_EQ(smallest_usable_keep_ratio(1000), "0.001");
}

RC_GTEST_PROP(SmallestUsableKeepRatioProperty, KeepsExactlyOne, ()) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 4294967295U);
  RC_ASSERT(kept(smallest_usable_keep_ratio(num_samples), num_samples) == 1U);
}

// Up to 15 digits, which a double holds.
constexpr std::int64_t kDenominator = 1000000000000000;

std::string decimal(std::int64_t numerator) {
  return numerator == kDenominator ? "1" : fmt::format("0.{:015}", numerator);
}

std::int64_t any_numerator() {
  return *rc::gen::inRange<std::int64_t>(1, kDenominator + 1);
}

RC_GTEST_PROP(KeepRatioProperty, IsTheFloorOfTheExactProduct, ()) {
  const std::int64_t numerator = any_numerator();
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 4294967295U);
  const auto expected =
      static_cast<std::uint32_t>(Int128{numerator} * num_samples / Int128{kDenominator});
  const KeepRatio ratio = KeepRatio::parse(decimal(numerator));
  if (expected == 0) {
    RC_ASSERT_THROWS_AS((void)ratio.num_kept(num_samples), Error);
  } else {
    RC_ASSERT(ratio.num_kept(num_samples) == expected);
  }
}

RC_GTEST_PROP(KeepRatioProperty, SurvivesADouble, ()) {
  const std::int64_t numerator = any_numerator();
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 4294967295U);
  const KeepRatio ratio = KeepRatio::parse(decimal(numerator));
  const KeepRatio again = KeepRatio::from_double(ratio.value());
  RC_ASSERT(again.value() == ratio.value());
  RC_PRE(Int128{numerator} * num_samples >= Int128{kDenominator});
  RC_ASSERT(again.num_kept(num_samples) == ratio.num_kept(num_samples));
}

RC_GTEST_PROP(KeepRatioProperty, KeepsMoreOfMoreAndNeverMoreThanAll, ()) {
  const std::int64_t numerator = any_numerator();
  const auto fewer = *rc::gen::inRange<std::uint32_t>(1, 1000000);
  const std::uint32_t more = fewer + *rc::gen::inRange<std::uint32_t>(0, 1000000);
  RC_PRE(Int128{numerator} * fewer >= Int128{kDenominator});
  const KeepRatio ratio = KeepRatio::parse(decimal(numerator));
  RC_ASSERT(ratio.num_kept(fewer) <= ratio.num_kept(more));
  RC_ASSERT(ratio.num_kept(more) <= more);
  const KeepRatio larger = KeepRatio::parse(decimal(std::min(numerator * 2, kDenominator)));
  RC_ASSERT(ratio.num_kept(fewer) <= larger.num_kept(fewer));
}

}  // namespace
}  // namespace edgeprune::core
