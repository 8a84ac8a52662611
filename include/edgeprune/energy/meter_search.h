#pragma once
// Where meters are looked for, and what was found at each place.

#include "edgeprune/energy/meter.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::energy {

/// The choice of a configuration: `energy.meter`.
enum class MeterChoice { automatic, none, rapl, battery, hwmon, nvml, command, file, model };
/// "auto", "none", "rapl", ...
[[nodiscard]] std::string_view name_of(MeterChoice choice);

/// The source that a choice names; nothing for `automatic` and `none`.
[[nodiscard]] std::optional<Source> source_of(MeterChoice choice);

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

}  // namespace edgeprune::energy
