#include "edgeprune/core/version.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace edgeprune::core {
namespace {

TEST(Version, IsThatOfTheHeadersAndOfTheBuild) {
  EXPECT_EQ(version(), fmt::format("{}.{}.{}", EDGEPRUNE_VERSION_MAJOR, EDGEPRUNE_VERSION_MINOR,
                                   EDGEPRUNE_VERSION_PATCH));
  EXPECT_EQ(version(), EDGEPRUNE_PROJECT_VERSION);
}

}  // namespace
}  // namespace edgeprune::core
