#include "edgeprune/energy/discovery.h"

#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace edgeprune::energy {
namespace {

using Names = std::vector<std::string>;
using testing::FakeSysfs;
using testing::finding_of;

// A machine with everything.
class Discovery : public ::testing::Test {
 protected:
  Discovery() {
    sysfs_.write("class/hwmon/hwmon0/name", "ina219");
    sysfs_.write(sensor_, "6000000");
    sysfs_.write("class/powercap/intel-rapl:0/name", "package-0");
    sysfs_.write(package_, "1500000");
    sysfs_.write("class/power_supply/BAT0/type", "Battery");
    sysfs_.write(status_, "Discharging");
    sysfs_.write("class/power_supply/BAT0/power_now", "8000000");
    search_ = sysfs_.search(MeterChoice::automatic);
    search_.nvml_library = EDGEPRUNE_FAKE_NVML;
    search_.power_watts = 5;
  }
  [[nodiscard]] Names names() const {
    Names names;
    for (const auto& meter : open_meters(search_)) names.push_back(meter->info().name);
    return names;
  }
  [[nodiscard]] Names chosen() const {
    Names names;
    for (const Finding& finding : find_meters(search_)) {
      if (finding.is_chosen) names.push_back(finding.info.name);
    }
    return names;
  }
  void expect_opened(const Names& expected) const {
    EXPECT_EQ(names(), expected);
    EXPECT_EQ(chosen(), expected);
  }

  const std::string sensor_ = "class/hwmon/hwmon0/power1_input";
  const std::string package_ = "class/powercap/intel-rapl:0/energy_uj";
  const std::string status_ = "class/power_supply/BAT0/status";
  FakeSysfs sysfs_;
  MeterSearch search_;
};

TEST_F(Discovery, TakesTheBestSourceThatWorks) {
  expect_opened({"ina219 power1"});
  sysfs_.remove(sensor_);
  expect_opened({"package-0", "gpu-0 Fake", "gpu-1"});
  sysfs_.remove(package_);
  expect_opened({"BAT0"});
  sysfs_.write(status_, "Charging");
  expect_opened({"power_watts"});
  search_.power_watts = 0;
  expect_opened({});
}

TEST_F(Discovery, TakesACommandOrAFileThatIsGivenFirst) {
  sysfs_.write("meter", "9 W");
  search_.file = sysfs_ / "meter";
  expect_opened({"meter"});
  search_.command = "echo 9 W";
  expect_opened({"echo 9 W"});
}

TEST_F(Discovery, DoesNotPassOverACommandThatIsGivenAndFails) {
  search_.command = "echo offline";
  edgeprune::testing::expect_error(core::ErrorKind::config, {"energy.meter: command", "offline"},
                                   [&] { (void)open_meters(search_); });
}

TEST_F(Discovery, OpensWhatIsNamed) {
  search_.choice = MeterChoice::battery;
  expect_opened({"BAT0"});
  search_.choice = MeterChoice::nvml;
  expect_opened({"gpu-0 Fake", "gpu-1"});
  search_.choice = MeterChoice::none;
  expect_opened({});
}

TEST_F(Discovery, FindsEverySourceWhateverTheChoice) {
  search_.choice = MeterChoice::battery;
  const std::vector<Finding> findings = find_meters(search_);
  for (const Source source : {Source::hwmon, Source::rapl, Source::nvml, Source::battery,
                              Source::command, Source::file, Source::model}) {
    EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.info.source == source;
    })) << name_of(source);
  }
  for (const Finding& finding : findings) EXPECT_EQ(finding.why_not.empty(), finding.is_usable);
}

TEST(MeterModel, IsThePowerThatIsGiven) {
  const auto meters = open_meters({.choice = MeterChoice::model, .power_watts = 4.5});
  ASSERT_EQ(meters.size(), 1U);
  EXPECT_DOUBLE_EQ(meters[0]->read().value(), 4.5);
  EXPECT_EQ(meters[0]->info().method, Method::modelled);
  EXPECT_EQ(meters[0]->info().source, Source::model);
}

TEST(MeterModel, NeedsAPower) {
  edgeprune::testing::expect_error(core::ErrorKind::config,
                                   {"energy.meter: model", "energy.power_watts"},
                                   [] { (void)open_meters({.choice = MeterChoice::model}); });
}

TEST(MeterNames, AreThoseOfAConfiguration) {
  EXPECT_EQ(name_of(MeterChoice::automatic), "auto");
  EXPECT_EQ(name_of(MeterChoice::none), "none");
  EXPECT_EQ(name_of(MeterChoice::rapl), "rapl");
  EXPECT_EQ(name_of(Source::hwmon), "hwmon");
  EXPECT_EQ(name_of(Scope::board), "board");
  EXPECT_EQ(name_of(Method::integrated), "integrated");
}

TEST(DiscoveryOfNothing, ShowsAPlainMachineWithoutMeters) {
  const FakeSysfs empty;
  const MeterSearch search = empty.search(MeterChoice::automatic);
  EXPECT_TRUE(open_meters(search).empty());
  EXPECT_FALSE(finding_of(search, Source::rapl).is_usable);
}

}  // namespace
}  // namespace edgeprune::energy
