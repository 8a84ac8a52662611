#include "edgeprune/energy/tally.h"

#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::energy {
namespace {

using Names = std::vector<std::string>;
using testing::counted_names;
using testing::FakeSysfs;
using testing::meter_named;

class Rapl : public ::testing::Test {
 protected:
  void add_zone(const std::string& folder, const std::string& name,
                const std::string& microjoules) const {
    const std::string zone = "class/powercap/" + folder;
    sysfs_.write(zone + "/name", name);
    sysfs_.write(zone + "/energy_uj", microjoules);
    sysfs_.write(zone + "/max_energy_range_uj", "262143328850");
  }
  [[nodiscard]] std::vector<std::unique_ptr<Meter>> open() const {
    return open_meters(sysfs_.search(MeterChoice::rapl));
  }
  const std::string energy_ = "class/powercap/intel-rapl:0/energy_uj";
  FakeSysfs sysfs_;
};

TEST_F(Rapl, CountsPackagesAndMemoryButNotTheCoresInsideThem) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  add_zone("intel-rapl:0:0", "core", "700000");
  add_zone("intel-rapl:0:1", "uncore", "100000");
  add_zone("intel-rapl:0:2", "dram", "200000");
  add_zone("intel-rapl:1", "package-1", "2500000");
  const auto meters = open();
  EXPECT_EQ(meters.size(), 5U);
  EXPECT_EQ(counted_names(meters), (Names{"package-0", "package-0 dram", "package-1"}));
  EXPECT_DOUBLE_EQ(meter_named(meters, "package-0").read().value(), 1.5);
  EXPECT_DOUBLE_EQ(meter_named(meters, "package-0 core").read().value(), 0.7);
}

TEST_F(Rapl, SaysWhereItsJoulesComeFrom) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  const MeterInfo info = open().at(0)->info();
  EXPECT_EQ(info.source, Source::rapl);
  EXPECT_EQ(info.scope, Scope::package);
  EXPECT_EQ(info.method, Method::counter);
  EXPECT_EQ(info.path, (sysfs_ / energy_).string());
  EXPECT_DOUBLE_EQ(info.wrap_joules, 262143.32885);
  EXPECT_GT(info.resolution_joules, 0);
}

TEST_F(Rapl, CountsThePlatformAloneWhereItIsThere) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  add_zone("intel-rapl:0:0", "dram", "200000");
  add_zone("intel-rapl:1", "psys", "9000000");
  EXPECT_EQ(counted_names(open()), Names{"psys"});
}

TEST_F(Rapl, DoesNotTakeAPlatformsCounterThatStaysAtZero) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  add_zone("intel-rapl:1", "psys", "0");
  EXPECT_EQ(counted_names(open()), Names{"package-0"});
}

TEST_F(Rapl, DoesNotCountTheSamePackageTwice) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  add_zone("intel-rapl-mmio:0", "package-0", "1500000");
  EXPECT_EQ(open().size(), 1U);
}

TEST_F(Rapl, GoesOnOverAWrapOfTheCounter) {
  add_zone("intel-rapl:0", "package-0", "262143000000");
  const auto meters = open();
  Tally tally(meters.at(0)->info());
  tally.add(0, meters.at(0)->read());
  sysfs_.write(energy_, "1000000");
  tally.add(1, meters.at(0)->read());
  EXPECT_NEAR(tally.joules(), 1.32885, 1e-9);  // 0.32885 J to the end, 1 J after it
}

TEST_F(Rapl, ReadsNothingFromGarbageAndGoesOnAfterIt) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  const auto meters = open();
  for (const std::string garbage : {"", "N/A", "-5", "12 13", "1e999", "nan"}) {
    sysfs_.write(energy_, garbage);
    EXPECT_FALSE(meters.at(0)->read()) << garbage;
  }
  sysfs_.write(energy_, "1600000");
  EXPECT_DOUBLE_EQ(meters.at(0)->read().value(), 1.6);
}

TEST_F(Rapl, GoesOnWhenItsFileVanishesAndComesBack) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  const auto meters = open();
  sysfs_.remove(energy_);
  EXPECT_FALSE(meters.at(0)->read());
  sysfs_.write(energy_, "1700000");
  EXPECT_DOUBLE_EQ(meters.at(0)->read().value(), 1.7);
}

TEST_F(Rapl, SaysWhatIsWrongWithAZone) {
  add_zone("intel-rapl:0", "package-0", "N/A");
  const auto refuse = [&] { (void)open(); };
  edgeprune::testing::expect_error(core::ErrorKind::config, {"rapl", energy_, "\"N/A\""}, refuse);
  sysfs_.remove(energy_);
  edgeprune::testing::expect_error(core::ErrorKind::config, {energy_, "not there"}, refuse);
}

TEST_F(Rapl, CountsThePackagesThatCanBeRead) {
  add_zone("intel-rapl:0", "package-0", "1500000");
  add_zone("intel-rapl:1", "package-1", "garbage");
  EXPECT_EQ(counted_names(open()), Names{"package-0"});
}

TEST_F(Rapl, SaysThatThereAreNoZones) {
  edgeprune::testing::expect_error(core::ErrorKind::config, {"energy.meter: rapl", "modprobe"},
                                   [&] { (void)open(); });
}

}  // namespace
}  // namespace edgeprune::energy
