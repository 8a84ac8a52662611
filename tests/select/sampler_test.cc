#include "edgeprune/select/sampler.h"

#include <gtest/gtest.h>

namespace edgeprune::select {
namespace {

TEST(StaticSampler, GivesTheKeptSamplesUnweightedInEveryEpoch) {
  StaticSampler sampler({1, 4, 9});
  for (const std::uint32_t epoch : {0U, 1U, 100U}) {
    EXPECT_EQ(sampler.pass(epoch).samples, (std::vector<std::uint32_t>{1, 4, 9}));
    EXPECT_TRUE(sampler.pass(epoch).weights.empty());
  }
}

}  // namespace
}  // namespace edgeprune::select
