#pragma once
// summary.json: what a finished run came to.

#include "edgeprune/cost/run_cost.h"
#include "edgeprune/energy/recorder.h"
#include "edgeprune/run/run_state.h"

#include "plan_record.h"

#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

/// What the meters said in this process.
struct EnergyRecord {
  std::vector<energy::MeterRecord> meters;
  double idle_joules = -1;  // -1: not known
  double uncertainty_joules = 0;
};

struct SummaryRecord {
  PlanRecord run;
  const RunState& state;
  EnergyRecord energy;
  std::optional<cost::RunCost> predicted;  // with device.profile
};
[[nodiscard]] std::string summary_json(const SummaryRecord& summary);

}  // namespace edgeprune::run
