// Every source, with what no meter should say: nothing of it becomes joules, and it is named.

#include "edgeprune/energy/plausible.h"
#include "edgeprune/energy/recorder.h"

#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace edgeprune::energy {
namespace {

using edgeprune::testing::expect_error;
using testing::FakeSysfs;

constexpr const char* kHostile[] = {"1e308",
                                    "-1e308",
                                    "1e309",
                                    "nan",
                                    "inf",
                                    "-inf",
                                    "1e-320",
                                    "-1",
                                    "18446744073709551615",
                                    "99999999999999999999999999999999"};

struct HostileSource {
  std::string what;
  MeterChoice choice;
  std::vector<std::pair<std::string, std::string>> tree;  // files, with what is harmless
  std::string hostile;                                    // the file that the meter reads
  std::string harmless;
};

std::vector<HostileSource> sources() {
  return {
      {"a battery's power",
       MeterChoice::battery,
       {{"class/power_supply/BAT0/type", "Battery"},
        {"class/power_supply/BAT0/status", "Discharging"}},
       "class/power_supply/BAT0/power_now",
       "5000000"},
      {"a battery's current",
       MeterChoice::battery,
       {{"class/power_supply/BAT0/type", "Battery"},
        {"class/power_supply/BAT0/status", "Discharging"},
        {"class/power_supply/BAT0/voltage_now", "1e300"}},
       "class/power_supply/BAT0/current_now",
       "1e-290"},
      {"a rail",
       MeterChoice::hwmon,
       {{"class/hwmon/hwmon0/name", "ina3221"},
        {"class/hwmon/hwmon0/in1_label", "VDD_IN"},
        {"class/hwmon/hwmon0/in1_input", "5000"},
        {"class/hwmon/hwmon0/update_interval", "1e308"}},
       "class/hwmon/hwmon0/curr1_input",
       "1000"},
      {"a chip's power",
       MeterChoice::hwmon,
       {{"class/hwmon/hwmon0/name", "ina226"}},
       "class/hwmon/hwmon0/power1_input",
       "5000000"},
      {"a chip's joules",
       MeterChoice::hwmon,
       {{"class/hwmon/hwmon0/name", "ina226"}},
       "class/hwmon/hwmon0/energy1_input",
       "5000000"},
      {"a package",
       MeterChoice::rapl,
       {{"class/powercap/intel-rapl:0/name", "package-0"},
        {"class/powercap/intel-rapl:0/max_energy_range_uj", "1e308"}},
       "class/powercap/intel-rapl:0/energy_uj",
       "5000000"},
      {"a file of watts", MeterChoice::file, {}, "meter", "5 W"},
      {"a file of joules", MeterChoice::file, {}, "meter", "5 J"},
  };
}

MeterSearch search_of(const FakeSysfs& tree, const HostileSource& source) {
  MeterSearch search = tree.search(source.choice);
  if (source.choice == MeterChoice::file) search.file = tree / source.hostile;
  return search;
}

// A file's unit stays what it was.
std::string said(const HostileSource& source, const std::string& number) {
  const bool has_unit = source.choice == MeterChoice::file;
  return has_unit ? number + source.harmless.substr(source.harmless.size() - 2) : number;
}

TEST(AbsurdReading, OfAnySourceUnderWayCountsNothing) {
  for (const HostileSource& source : sources()) {
    for (const char* number : kHostile) {
      SCOPED_TRACE(source.what + ": " + number);
      const FakeSysfs tree;
      for (const auto& [file, text] : source.tree) tree.write(file, text);
      tree.write(source.hostile, source.harmless);
      double seconds = 0;
      Recorder recorder(open_meters(search_of(tree, source)), {.clock = [&] { return seconds; }});
      for (const std::string& text :
           {said(source, number), source.harmless, said(source, number), said(source, number)}) {
        seconds += 0.5;
        tree.write(source.hostile, text);
        recorder.sample();
        ASSERT_GE(recorder.counted_joules(), 0);
        // Trapezoids over the gap, at the harmless 5 W.
        ASSERT_LE(recorder.counted_joules(), 10.001);
        ASSERT_TRUE(std::isfinite(recorder.uncertainty_joules()));
        ASSERT_LE(recorder.uncertainty_joules(), 1e6);
      }
      const MeterRecord record = recorder.records().at(0);
      const bool is_absurd = std::string_view(number) == "1e308" && source.hostile != "curr1_input";
      if (is_absurd) {
        EXPECT_NE(record.absurd.find("more"), std::string::npos) << record.absurd;
      }
    }
  }
}

TEST(AbsurdReading, OfAnySourceAtTheBeginningMakesItUnusable) {
  for (const HostileSource& source : sources()) {
    SCOPED_TRACE(source.what);
    const FakeSysfs tree;
    for (const auto& [file, text] : source.tree) tree.write(file, text);
    tree.write(source.hostile, said(source, "1e308"));
    expect_error(core::ErrorKind::config, {"energy.meter: ", "says ", ", more than"},
                 [&] { (void)open_meters(search_of(tree, source)); });
  }
}

TEST(AbsurdReading, OfACommandOrAModelIsRefused) {
  expect_error(
      core::ErrorKind::config, {"energy.command printed 1e+308 W, more than 100000 W"},
      [] { (void)open_meters({.choice = MeterChoice::command, .command = "echo 1e308"}); });
  expect_error(core::ErrorKind::config, {"energy.command printed 1e+300 J, more than"}, [] {
    (void)open_meters({.choice = MeterChoice::command, .command = "echo 1e300 J"});
  });
  expect_error(core::ErrorKind::config, {"power_watts", "1e+308 W, more than"},
               [] { (void)open_meters({.choice = MeterChoice::model, .power_watts = 1e308}); });
}

TEST(AbsurdReading, IsNamedWithItsUnit) {
  const MeterInfo watts{.method = Method::integrated};
  const MeterInfo joules{.method = Method::counter, .wrap_joules = 1000};
  EXPECT_EQ(why_absurd(watts, kMostWatts), "");
  EXPECT_EQ(why_absurd(watts, 0), "");
  EXPECT_EQ(why_absurd(watts, 1e308), "1e+308 W, more than 100000 W");
  EXPECT_EQ(why_absurd(watts, std::nan("")), "nan W, no number");
  EXPECT_EQ(why_absurd(watts, -3), "-3 W, less than nothing");
  EXPECT_EQ(why_absurd(joules, 1000), "");
  EXPECT_EQ(why_absurd(joules, 1001), "1001 J, more than its range of 1000 J");
  EXPECT_EQ(why_absurd(joules, 2e15), "2000000000000000 J, more than 1000000000000000 J");
}

}  // namespace
}  // namespace edgeprune::energy
