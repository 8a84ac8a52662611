#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::energy {
namespace {

std::vector<std::unique_ptr<Meter>> open_nvml(const std::string& library) {
  return open_meters({.choice = MeterChoice::nvml, .nvml_library = library});
}

TEST(Nvml, ReadsTheJoulesThatADeviceCounts) {
  const auto meters = open_nvml(EDGEPRUNE_FAKE_NVML);
  ASSERT_EQ(meters.size(), 2U);
  const MeterInfo& info = meters[0]->info();
  EXPECT_EQ(info.name, "gpu-0 Fake");
  EXPECT_EQ(info.scope, Scope::gpu);
  EXPECT_EQ(info.method, Method::counter);
  EXPECT_TRUE(info.is_counted);
  EXPECT_DOUBLE_EQ(meters[0]->read().value(), 12345.678);
}

TEST(Nvml, ReadsTheWattsOfADeviceThatCountsNoJoules) {
  const auto meters = open_nvml(EDGEPRUNE_FAKE_NVML);
  ASSERT_EQ(meters.size(), 2U);
  EXPECT_EQ(meters[1]->info().name, "gpu-1");
  EXPECT_EQ(meters[1]->info().method, Method::integrated);
  EXPECT_DOUBLE_EQ(meters[1]->read().value(), 7.5);
}

TEST(Nvml, ShowsADeviceThatKnowsNeither) {
  const testing::FakeSysfs empty;
  MeterSearch search = empty.search(MeterChoice::none);
  search.nvml_library = EDGEPRUNE_FAKE_NVML;
  std::vector<Finding> devices;
  for (const Finding& finding : find_meters(search)) {
    if (finding.info.source == Source::nvml) devices.push_back(finding);
  }
  ASSERT_EQ(devices.size(), 3U);
  EXPECT_FALSE(devices[2].is_usable);
  EXPECT_FALSE(devices[2].info.is_counted);
  EXPECT_EQ(devices[2].why_not, "NVML knows neither energy nor power of this device (code 3)");
}

TEST(Nvml, SaysWhyItCannotBeUsed) {
  edgeprune::testing::expect_error(core::ErrorKind::config, {"no-library.so", "NVIDIA's driver"},
                                   [] { (void)open_nvml("no-library.so"); });
  edgeprune::testing::expect_error(core::ErrorKind::config, {"code 9", "nvidia-smi"},
                                   [] { (void)open_nvml(EDGEPRUNE_FAKE_NVML_WITHOUT_DRIVER); });
}

}  // namespace
}  // namespace edgeprune::energy
