#include "edgeprune/kernels/target.h"

#include "edgeprune/core/error.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace edgeprune::kernels {
namespace {

TEST(SimdTarget, TheOneInUseIsTheBestAvailable) {
  const auto available = available_simd_targets();
  ASSERT_FALSE(available.empty());
  EXPECT_EQ(simd_target(), available.front());
  EXPECT_EQ(std::set<std::string>(available.begin(), available.end()).size(), available.size());
}

TEST(SimdTarget, APlainPathIsAlwaysThere) {
  const auto available = available_simd_targets();
  const std::set<std::string> names(available.begin(), available.end());
  EXPECT_TRUE(names.contains("SCALAR") || names.contains("EMU128") || names.contains("SSE2") ||
              names.contains("NEON"));
}

TEST(ForcedSimdTarget, LastsForItsScope) {
  const std::string best = simd_target();
  for (const std::string& name : available_simd_targets()) {
    {
      const ForcedSimdTarget forced(name);
      EXPECT_EQ(simd_target(), name);
      EXPECT_GE(simd_lanes(), 1);
      EXPECT_LE(simd_lanes(), 16);
    }
    EXPECT_EQ(simd_target(), best);
  }
}

TEST(ForcedSimdTarget, AnUnknownNameIsAnErrorThatNamesIt) {
  edgeprune::testing::expect_error(core::ErrorKind::config, {"AVX9"},
                                   [] { const ForcedSimdTarget forced("AVX9"); });
}

}  // namespace
}  // namespace edgeprune::kernels
