#pragma once
// Which meters this machine has, and why others are of no use.

#include "edgeprune/energy/meter.h"
#include "edgeprune/energy/meter_search.h"

#include <memory>
#include <vector>

namespace edgeprune::energy {

/// Everything that was looked at, usable or not, whatever the choice. Reads, and runs the command
/// where one is given; starts nothing that lasts. A source of which nothing exists is one finding
/// that says so.
[[nodiscard]] std::vector<Finding> find_meters(const MeterSearch& search);

/// Whether open_meters() runs the command of the search.
[[nodiscard]] bool runs_command(const MeterSearch& search);

/// The meters that a run reads. Of `automatic`: the command or the file where one is given; else
/// the best source that has something to count, in the order hwmon, rapl (with nvml beside it),
/// battery while it discharges, and the model where power_watts is given; else none. nvml alone
/// says nothing of a processor, so it is read alone only where it is named. A choice that is named
/// opens its own. An Error of kind config that says why, where what was named or given is not
/// usable. `is_counted` is set so that the counted ones add up without double counting (RAPL: psys
/// alone, else packages and dram; cores lie inside packages).
[[nodiscard]] std::vector<std::unique_ptr<Meter>> open_meters(const MeterSearch& search);

}  // namespace edgeprune::energy
