#pragma once
// Which meters this machine has, and why others are of no use.

#include "edgeprune/energy/meter.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace edgeprune::energy {

/// The choice of a configuration: `energy.meter`.
enum class MeterChoice { automatic, none, rapl, battery, hwmon, nvml, command, file, model };
/// "auto", "none", "rapl", ...
[[nodiscard]] std::string_view name_of(MeterChoice choice);

struct MeterSearch {
  MeterChoice choice = MeterChoice::automatic;
  std::filesystem::path sysfs = "/sys";  // tests lay out a tree of their own
  std::string nvml_library = "libnvidia-ml.so.1";
  std::string command;         // prints watts ("12.3 W", "12.3") or joules ("512 J")
  std::filesystem::path file;  // holds the same
  double power_watts = 0;      // the model P x tau; 0: none
};

/// One place that was looked at.
struct Finding {
  MeterInfo info;
  bool is_usable = false;
  bool is_chosen = false;  // a run with this search reads it
  std::string why_not;     // one line with the fix: "PATH: root only; `sudo chmod o+r PATH`, ..."
};
/// Everything that was looked at, usable or not, whatever the choice. Reads, and runs the command
/// where one is given; starts nothing that lasts. A source of which nothing exists is one finding
/// that says so.
[[nodiscard]] std::vector<Finding> find_meters(const MeterSearch& search);

/// The meters that a run reads. Of `automatic`: the command or the file where one is given; else
/// the best source that has something to count, in the order hwmon, rapl (with nvml beside it),
/// battery while it discharges, and the model where power_watts is given; else none. nvml alone
/// says nothing of a processor, so it is read alone only where it is named. A choice that is named
/// opens its own. An Error of kind config that says why, where what was named or given is not
/// usable. `is_counted` is set so that the counted ones add up without double counting (RAPL: psys
/// alone, else packages and dram; cores lie inside packages).
[[nodiscard]] std::vector<std::unique_ptr<Meter>> open_meters(const MeterSearch& search);

}  // namespace edgeprune::energy
