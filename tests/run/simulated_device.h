#pragma once
// A device of which a test says how long each step takes: its clock and meter go on with the work
// alone, so that a budget's decisions are the same on every machine.

#include "edgeprune/budget/usage_meter.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

namespace edgeprune::run {

struct SimulatedDevice final : budget::UsageMeter {
  std::function<double(std::uint64_t step)> step_seconds = [](std::uint64_t) { return 1.0; };
  double forward_seconds_per_sample = 0.02;
  /// How many times longer forward passes take, after so many steps.
  std::function<double(std::uint64_t step)> slowness = [](std::uint64_t) { return 1.0; };
  double watts = 5;
  double meter_resolution_joules = 0;
  bool is_metered = true;

  std::uint64_t steps = 0;
  double clock = 0;
  double largest_step = 0;
  double waited = 0;

  core::Usage total() override {
    double joules = is_metered ? watts * (clock - waited) : 0;
    if (meter_resolution_joules > 0) {
      joules = std::floor(joules / meter_resolution_joules) * meter_resolution_joules;
    }
    return {clock, joules};
  }
  [[nodiscard]] bool has_meter() const override { return is_metered; }
  [[nodiscard]] double uncertainty_joules() const override { return meter_resolution_joules; }
  void worked(budget::Work work, std::uint64_t samples) override {
    if (work == budget::Work::forward) {
      clock += static_cast<double>(samples) * forward_seconds_per_sample * slowness(steps);
      return;
    }
    const double seconds = step_seconds(steps++);
    largest_step = std::max(largest_step, seconds);
    clock += seconds;
  }
  void wait(double seconds) override {
    clock += seconds;
    waited += seconds;
  }
};

}  // namespace edgeprune::run
