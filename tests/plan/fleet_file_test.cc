#include "edgeprune/plan/fleet_file.h"

#include "edgeprune/core/files.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <string>

namespace edgeprune::plan {
namespace {

std::vector<FleetDevice> fleet_of(const std::string& toml) {
  const testing::TempDirectory directory;
  core::write_file_atomically(directory / "own.toml", "name = \"own board\"\n");
  core::write_file_atomically(directory / "devices.toml", toml);
  return read_fleet(directory / "devices.toml");
}

void expect_refused(const std::string& toml, std::initializer_list<std::string> parts) {
  testing::expect_error(core::ErrorKind::config, parts, [&] { (void)fleet_of(toml); });
}

TEST(FleetFile, HoldsDevicesWithTheirBudgets) {
  const auto devices = fleet_of(
      "[[device]]\nname = \"gate\"\nprofile = \"raspberry-pi-5\"\nnum_samples = 5000\n"
      "seconds = 600\njoules = 4e3\nbytes = \"20MB\"\n"
      "[[device]]\nname = \"yard\"\nprofile = \"own.toml\"\nnum_samples = 200\n");
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].name, "gate");
  EXPECT_EQ(devices[0].num_samples, 5000u);
  EXPECT_EQ(devices[0].budgets.seconds, 600);
  EXPECT_EQ(devices[0].budgets.joules, 4000);
  EXPECT_EQ(devices[0].budgets.stored_bytes, 20e6);
  EXPECT_EQ(devices[1].profile.name, "own board");  // beside the list
  EXPECT_EQ(devices[1].budgets.seconds, 0);
}

TEST(FleetFile, AMistakeNamesItsLineAndField) {
  const std::string good = "[[device]]\nname = \"a\"\nprofile = \"laptop\"\n";
  expect_refused(good + "num_samples = -3\n",
                 {"devices.toml:4: device.num_samples is -3; it must be above 0"});
  expect_refused(good + "num_samples = 2.5\n",
                 {"devices.toml:4", "device.num_samples is 2.5", "whole number"});
  expect_refused(good, {"devices.toml:1", "num_samples", "missing"});
  expect_refused(good + "num_samples = 3\nsecond = 3\n",
                 {"devices.toml:5", "device.second", "did you mean seconds?"});
  expect_refused(good + "num_samples = 3\njoules = 0\n", {"devices.toml:5", "device.joules"});
  expect_refused(good + "num_samples = 3\nbytes = \"big\"\n",
                 {"devices.toml:5", "device.bytes is \"big\"", "400MB"});
  expect_refused("[[device]]\nname = 3\n", {"devices.toml:2", "device.name", "quotes"});
  expect_refused(good + "num_samples = 3\nseconds = inf\n", {"devices.toml:5", "finite"});
  expect_refused("devices = 3\n", {"devices.toml:1", "devices", "did you mean device?"});
  expect_refused("device = 3\n", {"devices.toml:1", "[[device]]"});
  expect_refused("", {"devices.toml:1", "[[device]]"});
  expect_refused("[[device\n", {"devices.toml:"});
}

// Inputs that would make the TOML parser, or the destructor of what it made, exhaust the stack.
TEST(FleetFile, RefusesWhatIsTooLargeOrTooDeep) {
  expect_refused(std::string(262'145, '\n'), {"it has 262145 bytes, a device list has at most"});
  expect_refused(std::string(16'385, '#'), {"devices.toml:1: the line has 16385 bytes"});
  std::string dots = "a";
  for (int i = 0; i < 8000; ++i) dots += ".a";
  expect_refused("[" + dots + "]\nx = 1\n", {"devices.toml:1: a key has more than 16 parts"});
  expect_refused("\n" + dots + " = 1\n", {"devices.toml:2: a key has more than 16 parts"});
  expect_refused("a = " + std::string(8000, '[') + "\n", {"devices.toml:1: brackets are nested"});
}

TEST(FleetFile, IsReadWithoutProfiles) {
  const auto devices = parse_device_list(
      "[[device]]\nname = 'a'\nprofile = 'nowhere.toml'\nnum_samples = 3\nbytes = 1e6\n", "d.toml");
  ASSERT_EQ(devices.size(), 1u);
  EXPECT_EQ(devices[0].profile, "nowhere.toml");
  EXPECT_EQ(devices[0].budgets.stored_bytes, 1e6);
}

TEST(FleetFile, NoTwoDevicesShareAName) {
  const std::string one = "[[device]]\nname = \"a\"\nprofile = \"laptop\"\nnum_samples = 3\n";
  expect_refused(one + one, {"devices.toml:5", "twice"});
}

}  // namespace
}  // namespace edgeprune::plan
