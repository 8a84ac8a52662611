// Joules that the processor counts: powercap zones of Intel's and AMD's RAPL.
//
// Documentation/power/powercap/powercap.rst and Documentation/ABI/testing/sysfs-class-powercap of
// the Linux kernel: `name`, `energy_uj` (a counter in microjoules), `max_energy_range_uj` (where it
// starts again). Zones nest: intel-rapl:0 is a package, intel-rapl:0:1 a part of it. Cores and
// uncore lie inside their package; dram does not. psys is the whole platform. intel-rapl-mmio shows
// the same package counters once more.

#include "sources.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgeprune::energy {
namespace {

// Counters are updated about every millisecond, in steps of 2^-14 J on most processors (Intel SDM,
// volume 3, MSR_RAPL_POWER_UNIT).
constexpr double kRaplUpdateSeconds = 1e-3;
constexpr double kStepJoules = 61e-6;

Scope scope_of(const std::string& zone) {
  if (zone.starts_with("package")) return Scope::package;
  if (zone == "core") return Scope::core;
  if (zone == "dram") return Scope::dram;
  if (zone == "psys") return Scope::board;
  return Scope::other;
}

// "package-0", "package-0 dram".
std::string name_of_zone(const std::filesystem::path& path, const std::string& zone) {
  const std::string folder = path.filename().string();
  const std::size_t last = folder.rfind(':');
  if (std::count(folder.begin(), folder.end(), ':') < 2) return zone;
  const std::string parent = read_line(path.parent_path() / folder.substr(0, last) / "name");
  return parent.empty() ? zone : fmt::format("{} {}", parent, zone);
}

MeterInfo describe(const std::filesystem::path& path) {
  const std::string zone = read_line(path / "name");
  const Scope scope = scope_of(zone);
  return {.source = Source::rapl,
          .name = name_of_zone(path, zone),
          .scope = scope,
          .method = Method::counter,
          .path = (path / "energy_uj").string(),
          .wrap_joules = read_count(path / "max_energy_range_uj", 1e-6).value.value_or(0),
          .resolution_joules = kStepJoules,
          .delay_seconds = kRaplUpdateSeconds,
          .is_counted = scope == Scope::package || scope == Scope::dram || scope == Scope::board};
}

Candidate look_at_zone(const std::filesystem::path& path) {
  const MeterInfo info = describe(path);
  const auto read = [file = path / "energy_uj"] { return read_count(file, 1e-6); };
  // A platform that does not wire psys up shows a counter that stays at 0.
  if (info.scope == Scope::board && read().value == 0.0) {
    return unusable(info, fmt::format("{}: counts nothing; this platform does not report its whole",
                                      info.path));
  }
  return try_meter(info, read);
}

// The platform's counter contains all others.
void count_the_platform_alone(std::vector<Candidate>& zones) {
  const auto is_platform = [](const Candidate& zone) {
    return zone.meter && zone.finding.info.scope == Scope::board;
  };
  if (std::none_of(zones.begin(), zones.end(), is_platform)) return;
  for (Candidate& zone : zones) zone.finding.info.is_counted = is_platform(zone);
}

}  // namespace

std::vector<Candidate> look_at_rapl(const MeterSearch& search) {
  const std::filesystem::path root = search.sysfs / "class/powercap";
  std::vector<Candidate> zones;
  for (const auto& path : entries_of(root, "intel-rapl:")) zones.push_back(look_at_zone(path));
  count_the_platform_alone(zones);
  for (const auto& path : entries_of(root, "intel-rapl-mmio:")) {
    zones.push_back(unusable(describe(path), "shows the counters of intel-rapl once more"));
  }
  if (zones.empty()) {
    zones.push_back(unusable(
        {.source = Source::rapl, .scope = Scope::package, .method = Method::counter},
        fmt::format("no intel-rapl zones in {}; they need an Intel or AMD x86 processor, not a "
                    "virtual machine, and the module of the kernel: `sudo modprobe intel_rapl_msr`",
                    root.string())));
  }
  return zones;
}

}  // namespace edgeprune::energy
