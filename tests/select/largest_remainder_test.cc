#include "largest_remainder.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstddef>
#include <numeric>

namespace edgeprune::select {
namespace {

using Counts = std::vector<std::uint32_t>;

TEST(ProportionalQuotas, RoundDownAndGiveTheRestToTheLargestRemainders) {
  // 10 of 60: exact shares 5.0, 2.833..., 2.1666...
  EXPECT_EQ(proportional_quotas(Counts{30, 17, 13}, 10), (Counts{5, 3, 2}));
  // 7 of 21: 2.333..., 2.333..., 2.333...
  EXPECT_EQ(proportional_quotas(Counts{7, 7, 7}, 7), (Counts{3, 2, 2}));
}

TEST(ProportionalQuotas, AreZeroForNothing) {
  EXPECT_EQ(proportional_quotas(Counts{0, 5, 0}, 5), (Counts{0, 5, 0}));
  EXPECT_EQ(proportional_quotas(Counts{3, 5}, 0), (Counts{0, 0}));
  EXPECT_EQ(proportional_quotas(Counts{0, 0}, 0), (Counts{0, 0}));
  EXPECT_TRUE(proportional_quotas(Counts{}, 0).empty());
}

TEST(ProportionalQuotas, DoNotOverflow) {
  // Exact shares of 4,294,967,294: 3,000,000,000 less 0.698..., 1,294,967,295 less 0.301...
  EXPECT_EQ(proportional_quotas(Counts{3000000000, 1294967295}, 4294967294),
            (Counts{2999999999, 1294967295}));
}

TEST(ProportionalQuotas, OfMoreThanThereIsAreAnInternalError) {
  testing::expect_error(core::ErrorKind::internal, {"9", "8"}, [] {
    (void)proportional_quotas(Counts{3, 5}, 9);
  });
}

RC_GTEST_PROP(ProportionalQuotasProperty, AddUpAndMissTheExactShareByLessThanOne, ()) {
  const auto counts = *rc::gen::container<Counts>(rc::gen::inRange<std::uint32_t>(0, 50));
  const auto sum = std::accumulate(counts.begin(), counts.end(), 0u);
  const auto total = *rc::gen::inRange<std::uint32_t>(0, sum + 1);
  const Counts quotas = proportional_quotas(counts, total);
  RC_ASSERT(quotas.size() == counts.size());
  RC_ASSERT(std::accumulate(quotas.begin(), quotas.end(), 0u) == total);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    RC_ASSERT(quotas[i] <= counts[i]);
    if (sum > 0) RC_ASSERT(std::abs(quotas[i] - 1.0 * total * counts[i] / sum) < 1);
  }
}

}  // namespace
}  // namespace edgeprune::select
