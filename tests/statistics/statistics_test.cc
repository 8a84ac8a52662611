#include "edgeprune/statistics/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::statistics {
namespace {

// The known values are SciPy 1.17.1's and, for Holm, statsmodels 0.15.0's.

TEST(SpreadOf, IsTheSampleStandardDeviation) {
  // numpy.std([...], ddof=1)
  const Spread spread = spread_of(std::vector<double>{0.452, 0.461, 0.449, 0.470, 0.455});
  EXPECT_EQ(spread.count, 5u);
  EXPECT_NEAR(spread.mean, 0.4574, 1e-15);
  EXPECT_NEAR(spread.stddev, 0.008324662155306951, 1e-15);
}

TEST(SpreadOf, OfOneValueIsNone) {
  const Spread spread = spread_of(std::vector<double>{0.3});
  EXPECT_EQ(spread.mean, 0.3);
  EXPECT_EQ(spread.stddev, 0.0);
}

TEST(StudentT, HasSciPysQuantiles) {
  // scipy.stats.t.ppf(0.975, df)
  const std::vector<std::pair<std::uint32_t, double>> known = {
      {1, 12.706204736174694}, {2, 4.302652729749462},   {3, 3.1824463052837078},
      {4, 2.7764451051977934}, {9, 2.262157162798205},   {10, 2.228138851986274},
      {29, 2.045229642132703}, {30, 2.0422724563012378}, {100, 1.9839715185235518}};
  for (const auto& [df, quantile] : known) EXPECT_NEAR(student_t_95(df), quantile, 1e-10) << df;
}

TEST(StudentT, HasSciPysProbabilities) {
  // 1 - 2 * scipy.stats.t.sf(t, df)
  struct Known {
    double t;
    std::uint32_t df;
    double within;
  };
  for (const Known& known : {Known{0.5, 1, 0.2951672353008665}, Known{2.0, 1, 0.7048327646991335},
                             Known{1.5, 2, 0.7276068751089989}, Known{4.303, 2, 0.9500074750147856},
                             Known{2.5, 3, 0.9122933529919345}, Known{1.0, 4, 0.6260990336999411},
                             Known{3.0, 7, 0.9800578738680075}, Known{2.2, 10, 0.9475589315506469},
                             Known{1.96, 1000, 0.9497268150442513}}) {
    EXPECT_NEAR(student_t_within(known.t, known.df), known.within, 1e-12)
        << known.t << " with " << known.df;
  }
}

TEST(PairedDifference, IsSciPysPairedTest) {
  // r = scipy.stats.ttest_rel(a, b); r.pvalue, r.confidence_interval(0.95)
  const std::vector<double> a = {0.452, 0.461, 0.449, 0.470, 0.455};
  const std::vector<double> b = {0.441, 0.448, 0.450, 0.452, 0.447};
  const PairedDifference difference = paired_difference(a, b);
  EXPECT_TRUE(difference.has_interval);
  EXPECT_NEAR(difference.mean - difference.half_width, 0.0010464889686231, 1e-12);
  EXPECT_NEAR(difference.mean + difference.half_width, 0.018553511031376896, 1e-12);
  EXPECT_NEAR(difference.p_value, 0.03592850151850375, 1e-12);
  EXPECT_FALSE(difference.holds_zero());
}

TEST(PairedDifference, OfOnePairHasNoInterval) {
  const PairedDifference difference =
      paired_difference(std::vector<double>{0.5}, std::vector<double>{0.4});
  EXPECT_NEAR(difference.mean, 0.1, 1e-15);
  EXPECT_FALSE(difference.has_interval);
  EXPECT_EQ(difference.p_value, 1.0);
}

TEST(PairedDifference, OfEqualNumbersSaysNothingOfItsSpread) {
  const PairedDifference difference =
      paired_difference(std::vector<double>{0.5, 0.7}, std::vector<double>{0.4, 0.6});
  EXPECT_FALSE(difference.has_interval);
  EXPECT_EQ(difference.p_value, 1.0);
}

TEST(PairedDifference, OfTwinsIsNone) {
  const std::vector<double> a = {0.5, 0.7, 0.6};
  const PairedDifference difference = paired_difference(a, a);
  EXPECT_TRUE(difference.has_interval);
  EXPECT_TRUE(difference.holds_zero());
  EXPECT_EQ(difference.p_value, 1.0);
}

TEST(Holm, IsStatsmodelsAdjustment) {
  // statsmodels.stats.multitest.multipletests([...], method="holm")[1]
  const auto adjusted = holm_adjusted(std::vector<double>{0.01, 0.04, 0.03, 0.005, 0.5});
  const std::vector<double> known = {0.04, 0.09, 0.09, 0.025, 0.5};
  for (std::size_t i = 0; i < known.size(); ++i) EXPECT_NEAR(adjusted[i], known[i], 1e-15);
}

std::vector<double> shares(std::size_t count) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(*rc::gen::inRange(0, 1001) / 1000.0);
  return values;
}

RC_GTEST_PROP(Holm, NeverLowersAPValueAndKeepsTheirOrder, ()) {
  const auto p_values = shares(*rc::gen::inRange<std::size_t>(1, 30));
  const auto adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    RC_ASSERT(adjusted[i] >= p_values[i] && adjusted[i] <= 1.0);
    for (std::size_t j = 0; j < p_values.size(); ++j) {
      RC_ASSERT(p_values[i] > p_values[j] || adjusted[i] <= adjusted[j]);
    }
  }
}

RC_GTEST_PROP(PairedDifference, MirrorsWhenTheSidesAreSwapped, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 12);
  const auto a = shares(count);
  const auto b = shares(count);
  const auto there = paired_difference(a, b);
  const auto back = paired_difference(b, a);
  RC_ASSERT(std::abs(there.mean + back.mean) < 1e-12);
  RC_ASSERT(std::abs(there.half_width - back.half_width) < 1e-12);
  RC_ASSERT(std::abs(there.p_value - back.p_value) < 1e-9);
}

RC_GTEST_PROP(PairedDifference, HoldsZeroExactlyWherePIsAboveFivePercent, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(2, 12);
  const auto difference = paired_difference(shares(count), shares(count));
  RC_PRE(difference.has_interval && std::abs(difference.p_value - 0.05) > 1e-9);
  RC_ASSERT(difference.holds_zero() == (difference.p_value > 0.05));
}

TEST(Median, IsTheMiddleValueOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(median(std::vector<double>{3, 1, 2}), 2);
  EXPECT_EQ(median(std::vector<double>{4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median(std::vector<double>{7}), 7);
}

}  // namespace
}  // namespace edgeprune::statistics
