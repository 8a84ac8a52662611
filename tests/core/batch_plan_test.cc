#include "edgeprune/core/batch_plan.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace edgeprune::core {
namespace {

std::vector<std::uint32_t> batch_sizes(std::uint32_t num_samples, std::uint32_t batch_size,
                                       LastBatch last = LastBatch::keep) {
  const BatchPlan plan(num_samples, batch_size, last);
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t b = 0; b < plan.num_batches(); ++b) sizes.push_back(plan.batch(b).size);
  return sizes;
}

using Sizes = std::vector<std::uint32_t>;

TEST(BatchPlan, CutsWholeBatches) {
  EXPECT_EQ(batch_sizes(12, 4), (Sizes{4, 4, 4}));
}

TEST(BatchPlan, KeepsAShortLastBatch) {
  EXPECT_EQ(batch_sizes(11, 4), (Sizes{4, 4, 3}));
  EXPECT_EQ(batch_sizes(10, 4), (Sizes{4, 4, 2}));
}

TEST(BatchPlan, LastBatchOfOneJoinsTheBatchBeforeIt) {
  EXPECT_EQ(batch_sizes(9, 4), (Sizes{4, 5}));
  EXPECT_EQ(batch_sizes(5, 4), (Sizes{5}));
}

TEST(BatchPlan, FewerSamplesThanABatchMakeOneBatch) {
  EXPECT_EQ(batch_sizes(3, 64), (Sizes{3}));
  EXPECT_EQ(batch_sizes(1, 64), (Sizes{1}));
  EXPECT_EQ(batch_sizes(64, 64), (Sizes{64}));
}

TEST(BatchPlan, TakesABatchSizeOfOneAtItsWord) {
  EXPECT_EQ(batch_sizes(3, 1), (Sizes{1, 1, 1}));
  EXPECT_EQ(BatchPlan::largest_batch(1), 1U);
}

TEST(BatchPlan, FillsUpTheLastBatch) {
  EXPECT_EQ(batch_sizes(11, 4, LastBatch::fill), (Sizes{4, 4, 4}));
  EXPECT_EQ(batch_sizes(9, 4, LastBatch::fill), (Sizes{4, 4, 4}));
  EXPECT_EQ(batch_sizes(12, 4, LastBatch::fill), (Sizes{4, 4, 4}));
  EXPECT_EQ(batch_sizes(3, 4, LastBatch::fill), (Sizes{3}));
  EXPECT_EQ(BatchPlan(9, 4, LastBatch::fill).num_drawn(), 12u);
  EXPECT_EQ(BatchPlan(9, 4).num_drawn(), 9u);
}

TEST(BatchPlan, NoSamplesMakeNoBatches) {
  EXPECT_EQ(BatchPlan(0, 4).num_batches(), 0U);
}

TEST(BatchPlan, ABatchSizeOfZeroIsAnError) {
  testing::expect_error(ErrorKind::config, {"batch size", "at least 1"}, [] { BatchPlan(5, 0); });
}

TEST(BatchPlan, HoldsForTheLargestNumberOfSamples) {
  const BatchPlan plan(4294967295U, 2);  // 2^32 - 1 = 2 * 2147483647 + 1: the last one joins
  EXPECT_EQ(plan.num_batches(), 2147483647U);
  EXPECT_EQ(plan.batch(2147483646U).begin, 4294967292U);
  EXPECT_EQ(plan.batch(2147483646U).size, 3U);
}

RC_GTEST_PROP(BatchPlanProperty, BatchesPartitionTheSamples, ()) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(0, 2000);
  const auto batch_size = *rc::gen::inRange<std::uint32_t>(1, 130);
  const BatchPlan plan(num_samples, batch_size);
  std::uint32_t next = 0;
  for (std::uint32_t b = 0; b < plan.num_batches(); ++b) {
    const BatchRange range = plan.batch(b);
    RC_ASSERT(range.begin == next);
    RC_ASSERT(range.size >= 1U);
    RC_ASSERT(range.size <= BatchPlan::largest_batch(batch_size));
    if (num_samples > 1 && batch_size > 1) {
      RC_ASSERT(range.size >= 2U);
      RC_ASSERT(range.size <= batch_size + 1);
    }
    next += range.size;
  }
  RC_ASSERT(next == num_samples);
}

RC_GTEST_PROP(BatchPlanProperty, TheNumberOfBatchesIsTheCeilingOrOneFewer, ()) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 2000);
  const auto batch_size = *rc::gen::inRange<std::uint32_t>(2, 130);
  const std::uint32_t ceiling = (num_samples + batch_size - 1) / batch_size;
  const bool one_left_over = num_samples > batch_size && num_samples % batch_size == 1;
  RC_ASSERT(BatchPlan(num_samples, batch_size).num_batches() == ceiling - (one_left_over ? 1 : 0));
}

}  // namespace
}  // namespace edgeprune::core
