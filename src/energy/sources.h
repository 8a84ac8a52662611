#pragma once
// The sources of joules, a page each. A source looks at its place and says what is there: meters
// that were read once and worked, and reasons why others did not.

#include "edgeprune/energy/meter.h"
#include "edgeprune/energy/meter_search.h"

#include "sysfs.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace edgeprune::energy {

struct Candidate {
  Finding finding;
  std::unique_ptr<Meter> meter;  // null where it is not usable
};

/// A meter that asks `read`, called from one thread at a time: usable if that works now.
[[nodiscard]] Candidate try_meter(MeterInfo info, std::function<Reading()> read);
[[nodiscard]] Candidate usable(std::unique_ptr<Meter> meter);
[[nodiscard]] Candidate unusable(MeterInfo info, std::string why_not);

// Each sets `is_counted` for itself, as if it were the only source.
[[nodiscard]] std::vector<Candidate> look_at_rapl(const MeterSearch& search);
[[nodiscard]] std::vector<Candidate> look_at_battery(const MeterSearch& search);
[[nodiscard]] std::vector<Candidate> look_at_hwmon(const MeterSearch& search);
[[nodiscard]] std::vector<Candidate> look_at_nvml(const MeterSearch& search);
[[nodiscard]] std::vector<Candidate> look_at_command(const MeterSearch& search);
[[nodiscard]] std::vector<Candidate> look_at_file(const MeterSearch& search);
[[nodiscard]] std::vector<Candidate> look_at_model(const MeterSearch& search);

}  // namespace edgeprune::energy
