#pragma once
// A device whose costs can be computed by hand: 1 ms a step and 10 us a sample, 2 us forward.

#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/planned_run.h"

#include <string>

namespace edgeprune::plan {

inline cost::DeviceProfile planned_device(const config::Config& config) {
  const cost::TimingRequest request = run::PlannedRun(config::resolve(config)).timing_request();
  cost::DeviceProfile profile{.name = "board", .description = "made by hand"};
  profile.operating_watts = {
      .value = 5, .kind = cost::NumberKind::measured, .source = "USB meter", .date = "2026-11-25"};
  profile.timings = {{.network = "mlp",
                      .network_hash = request.network_hash,
                      .precision = request.precision,
                      .memory_mode = request.memory_mode,
                      .threads = request.threads,
                      .batch_size = request.batch_size,
                      .step_overhead_seconds = 1e-3,
                      .step_seconds_per_sample = 1e-5,
                      .forward_seconds_per_sample = 2e-6,
                      .source = "by hand",
                      .date = "2026-11-25"}};
  return profile;
}

}  // namespace edgeprune::plan
