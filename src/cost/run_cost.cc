#include "edgeprune/cost/run_cost.h"

#include "edgeprune/core/error.h"
#include "edgeprune/cost/equations.h"

#include <fmt/format.h>

namespace edgeprune::cost {
namespace {

[[noreturn]] void fail(const DeviceProfile& profile, std::string_view complaint,
                       core::ErrorReason reason = core::ErrorReason::none) {
  throw core::Error(core::ErrorKind::config,
                    fmt::format("device profile {}: {}", profile.name, complaint), {reason});
}

PhaseCost operator+(const PhaseCost& a, const PhaseCost& b) {
  const bool known = a.joules >= 0 && b.joules >= 0;
  return {.seconds = a.seconds + b.seconds,
          .joules = known ? a.joules + b.joules : -1,
          .flops = a.flops + b.flops};
}

using core::Activity;
using Seconds = core::ByActivity<double>;

Seconds by_timing(const RunWork& work, const NetworkTiming& timing) {
  const auto steps = [&](std::uint64_t count, double samples) {
    return static_cast<double>(count) * timing.step_overhead_seconds +
           samples * timing.step_seconds_per_sample;
  };
  const auto forward = [&](std::uint64_t samples) {
    return static_cast<double>(samples) * timing.forward_seconds_per_sample;
  };
  const double read = static_cast<double>(work.num_samples) + work.num_test;
  const bool warms_up = work.score_steps > 0;
  Seconds seconds;
  seconds[Activity::score] = steps(work.score_steps, work.score_samples) +
                             forward(work.score_forward_samples) +
                             (warms_up ? timing.first_step_seconds : 0);
  seconds[Activity::train] =
      steps(work.train_steps, work.train_samples) + (warms_up ? 0 : timing.first_step_seconds);
  seconds[Activity::evaluate] = forward(work.evaluation_samples);
  seconds[Activity::other] = timing.start_seconds + read * timing.read_seconds_per_sample +
                             kCheckpointsWritten * timing.save_seconds;
  return seconds;
}

double sustained_flops_per_second(const DeviceProfile& profile) {
  if (!profile.flops_per_second.is_known()) {
    fail(profile, "it has no timing of this network and no compute.flops_per_second; add either",
         core::ErrorReason::device_unmeasured);
  }
  const SourcedNumber& share = profile.sustained_fraction;
  return profile.flops_per_second.value * (share.is_known() ? share.value : 1);
}

double reading_seconds(const RunWork& work, const DeviceProfile& profile) {
  if (!profile.storage_bytes_per_second.is_known()) return 0;
  const double samples = static_cast<double>(work.num_samples) + work.num_test;
  return samples * work.bytes_per_sample / profile.storage_bytes_per_second.value;
}

Seconds by_flops(const RunWork& work, const RunCost& cost, const DeviceProfile& profile) {
  const double speed = sustained_flops_per_second(profile);
  // (8), with the FLOPs of all its iterations in one.
  Seconds seconds;
  for (const Activity activity : {Activity::score, Activity::train, Activity::evaluate}) {
    seconds[activity] = training_seconds(1, cost.of(activity).flops, 1, speed);
  }
  seconds[Activity::other] = reading_seconds(work, profile);
  return seconds;
}

void set_flops(const RunWork& work, RunCost& cost) {
  const auto forward = [&](std::uint64_t samples) {
    return static_cast<double>(samples) * work.forward_flops_per_sample;
  };
  cost.of(Activity::score).flops =
      work.score_samples * work.flops_per_sample + forward(work.score_forward_samples);
  cost.of(Activity::train).flops = work.train_samples * work.flops_per_sample;
  cost.of(Activity::evaluate).flops = forward(work.evaluation_samples);
}

void set_sizes(const RunWork& work, RunCost& cost) {
  cost.stored_bytes = work.stored_bytes;
  cost.peak_stored_bytes = stored_bytes(work.num_samples, work.bytes_per_sample);
  cost.memory_bytes = work.memory_bytes;
}

void set_ratios(const RunWork& work, RunCost& cost) {
  if (work.full_samples == 0 || work.num_samples == 0 || work.flops_per_sample <= 0) {
    throw core::Error(core::ErrorKind::internal, "a run's cost needs samples, epochs and FLOPs");
  }
  cost.paper_ratio = paper_cost_ratio(work.num_kept, work.num_samples);
  cost.ratio_with_warmup = (cost.of(Activity::score).flops + cost.of(Activity::train).flops) /
                           (static_cast<double>(work.full_samples) * work.flops_per_sample);
}

// What the device draws, and how much of the time it works.
struct Power {
  double watts = -1;  // -1: not known
  double idle_watts = 0;
  double duty_cycle = 1;
};

Power power_of(const CostModel& model) {
  const DeviceProfile& profile = model.profile;
  const bool measured = model.timing != nullptr && model.timing->power_watts >= 0;
  Power power{.watts = measured ? model.timing->power_watts : profile.operating_watts.value};
  if (!profile.duty_cycle.is_known() || profile.duty_cycle.value >= 1) return power;
  power.duty_cycle = profile.duty_cycle.value;
  if (power.watts >= 0 && !profile.idle_watts.is_known()) {
    fail(profile,
         "compute.duty_cycle is below 1 without power.idle_watts, which the rest draws; "
         "add it");
  }
  power.idle_watts = profile.idle_watts.value;
  return power;
}

void set_time(double working_seconds, const Power& power, PhaseCost& phase) {
  phase.seconds = working_seconds / power.duty_cycle;
  if (power.watts < 0) return;
  phase.joules = energy_joules(power.watts, working_seconds) +
                 energy_joules(power.idle_watts, phase.seconds - working_seconds);
}

}  // namespace

PhaseCost RunCost::total() const {
  PhaseCost sum{.joules = 0};
  for (const Activity activity : core::kWorkActivities) sum = sum + of(activity);
  return sum;
}

RunCost predict_run_cost(const RunWork& work, const CostModel& model) {
  RunCost cost;
  set_flops(work, cost);
  set_sizes(work, cost);
  set_ratios(work, cost);
  cost.time_from = model.timing != nullptr ? "timing" : "flops";
  Seconds seconds = model.timing != nullptr ? by_timing(work, *model.timing)
                                            : by_flops(work, cost, model.profile);
  seconds[Activity::select] = selection_seconds(work.num_samples);
  const Power power = power_of(model);
  for (const Activity activity : core::kWorkActivities) {
    set_time(seconds[activity], power, cost.of(activity));
  }
  return cost;
}

}  // namespace edgeprune::cost
