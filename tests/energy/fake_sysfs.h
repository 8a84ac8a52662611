#pragma once
// A tree like /sys, laid out by the test.
//
//   FakeSysfs sysfs;
//   sysfs.write("class/thermal/thermal_zone0/temp", "48000");

#include "edgeprune/energy/discovery.h"

#include "support/temp_directory.h"

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::energy::testing {

class FakeSysfs {
 public:
  void write(const std::string& file, std::string_view text) const {
    std::filesystem::create_directories((*this / file).parent_path());
    std::ofstream(*this / file) << text << '\n';
  }
  void remove(const std::string& file) const { std::filesystem::remove(*this / file); }
  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const {
    return directory_ / file;
  }
  /// Of this tree alone: no library of NVIDIA's either.
  [[nodiscard]] MeterSearch search(MeterChoice choice) const {
    return {.choice = choice,
            .sysfs = directory_.path(),
            .nvml_library = (*this / "no-library.so").string()};
  }

 private:
  edgeprune::testing::TempDirectory directory_;
};

inline std::vector<std::string> counted_names(const std::vector<std::unique_ptr<Meter>>& meters) {
  std::vector<std::string> names;
  for (const auto& meter : meters) {
    if (meter->info().is_counted) names.push_back(meter->info().name);
  }
  return names;
}

/// The only meter of this name; throws where there is none.
inline Meter& meter_named(const std::vector<std::unique_ptr<Meter>>& meters,
                          std::string_view name) {
  for (const auto& meter : meters) {
    if (meter->info().name == name) return *meter;
  }
  throw std::runtime_error("no meter named " + std::string(name));
}

/// The first finding of a source.
inline Finding finding_of(const MeterSearch& search, Source source) {
  for (const Finding& finding : find_meters(search)) {
    if (finding.info.source == source) return finding;
  }
  throw std::runtime_error("no finding of " + std::string(name_of(source)));
}

}  // namespace edgeprune::energy::testing
