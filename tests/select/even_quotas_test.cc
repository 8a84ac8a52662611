#include "even_quotas.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

namespace edgeprune::select {
namespace {

using Quotas = std::vector<std::uint32_t>;

// By hand: 12 over 4 is 3 each; the count of 1 gives 2 back, 11 over 3 is 3, then 8 over 2 is 4.
TEST(EvenQuotas, GiveWhatSmallCountsLackToTheLarger) {
  EXPECT_EQ(even_quotas(Quotas{10, 1, 20, 5}, 12), (Quotas{4, 1, 4, 3}));
}

TEST(EvenQuotas, GiveWhatIsLeftOverToTheLarger) {
  EXPECT_EQ(even_quotas(Quotas{9, 8, 7}, 8), (Quotas{3, 3, 2}));
  EXPECT_EQ(even_quotas(Quotas{5, 5, 5}, 4), (Quotas{1, 1, 2}));
  EXPECT_EQ(even_quotas(Quotas{0, 0, 3, 0}, 2), (Quotas{0, 0, 2, 0}));
  EXPECT_EQ(even_quotas(Quotas{}, 0), (Quotas{}));
}

RC_GTEST_PROP(EvenQuotasProperty, SumToTheTotalAndNeverGiveALargerCountLess, ()) {
  const auto counts =
      *rc::gen::nonEmpty(rc::gen::container<Quotas>(rc::gen::inRange<std::uint32_t>(0, 50)));
  const std::uint32_t sum = std::accumulate(counts.begin(), counts.end(), 0u);
  const auto total = *rc::gen::inRange<std::uint32_t>(0, sum + 1);
  const Quotas quotas = even_quotas(counts, total);
  RC_ASSERT(std::accumulate(quotas.begin(), quotas.end(), 0u) == total);
  for (std::size_t a = 0; a < counts.size(); ++a) {
    RC_ASSERT(quotas[a] <= counts[a]);
    for (std::size_t b = 0; b < counts.size(); ++b) {
      if (counts[a] > counts[b]) RC_ASSERT(quotas[a] >= quotas[b]);
      // Even: one gets two less than another only where it has no more to give.
      if (quotas[a] + 1 < quotas[b]) RC_ASSERT(quotas[a] == counts[a]);
    }
  }
}

}  // namespace
}  // namespace edgeprune::select
