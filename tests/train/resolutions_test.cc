#include "edgeprune/train/resolutions.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace edgeprune::train {
namespace {

using Resolutions = std::vector<Resolution>;

TEST(Resolutions, RiseToFullSizeAndShareOutAllOfTheWork) {
  EXPECT_EQ(check_resolutions(Resolutions{}), "");
  EXPECT_EQ(check_resolutions(Resolutions{{1, 1}}), "");
  EXPECT_EQ(check_resolutions(Resolutions{{0.5, 0.2}, {0.75, 0.3}, {1, 0.5}}), "");
}

TEST(Resolutions, SayWhatIsWrongWithAList) {
  const auto says = [](const Resolutions& list, const char* part) {
    EXPECT_NE(check_resolutions(list).find(part), std::string::npos) << check_resolutions(list);
  };
  says({{0.75, 0.5}, {0.5, 0.2}, {1, 0.3}}, "rise");
  says({{0, 0.5}, {1, 0.5}}, "rise");
  says({{std::numeric_limits<double>::quiet_NaN(), 0.5}, {1, 0.5}}, "rise");
  says({{0.5, 0.5}, {1.5, 0.5}}, "(0, 1]");
  says({{0.5, 1}}, "ends at size 1");
  says({{0.5, 0}, {1, 1}}, "above 0");
  says({{0.5, 0.2}, {1, 0.7}}, "add up to 1");
}

TEST(Resolutions, RoundASizeAndLeaveASignalsAxisAlone) {
  EXPECT_EQ(shape_at({32, 28, 3}, 0.75), (core::SampleShape{24, 21, 3}));
  EXPECT_EQ(shape_at({1, 96, 2}, 0.5), (core::SampleShape{1, 48, 2}));
  EXPECT_EQ(shape_at({5, 5, 1}, 0.01), (core::SampleShape{1, 1, 1}));
}

}  // namespace
}  // namespace edgeprune::train
