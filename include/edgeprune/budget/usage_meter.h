#pragma once
// What a run measures of itself: a clock and the counted meters. Tests bring a device of their own.

#include "edgeprune/core/usage.h"
#include "edgeprune/energy/meter_search.h"
#include "edgeprune/energy/recorder.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace edgeprune::budget {

enum class Work { step, forward };

class UsageMeter {
 public:
  virtual ~UsageMeter() = default;
  /// Since it began; never falls.
  [[nodiscard]] virtual core::Usage total() = 0;
  [[nodiscard]] virtual bool has_meter() const { return false; }
  /// What the meters may not know of yet.
  [[nodiscard]] virtual double uncertainty_joules() const { return 0; }
  /// The counted meters in words, with the method of each; empty without any.
  [[nodiscard]] virtual std::string meters() const { return ""; }
  /// Of each meter since it began, counted or not.
  [[nodiscard]] virtual std::vector<energy::MeterRecord> records() const { return {}; }
  /// What is to be said of the meters since the last call, a line each: readings that made no
  /// sense.
  [[nodiscard]] virtual std::vector<std::string> take_notices() { return {}; }
  /// Of a machine doing nothing, for as long; -1 where it is not known.
  [[nodiscard]] virtual double idle_joules() const { return -1; }
  /// From now on the run is busy with this. Begins with `other`.
  virtual void enter(core::Activity) {}
  /// Called after work on so many samples; a simulated device lets its clock run here.
  virtual void worked(Work, std::uint64_t /*samples*/) {}
  /// Lets so much time pass, without work.
  virtual void wait(double seconds);
};

/// Which meters count, and what is known of the device's power.
struct MeterOptions {
  energy::MeterChoice meter = energy::MeterChoice::automatic;
  std::string command;     // prints watts or joules
  std::string file;        // holds watts or joules
  double power_watts = 0;  // the model P x tau; 0: not known
  double idle_watts = -1;  // -1: not known
  double sample_seconds = 0.1;
};

/// The steady clock from `begin` on and the meters; Errors as energy::open_meters.
[[nodiscard]] std::unique_ptr<UsageMeter> measured_usage(
    const MeterOptions& options,
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now());

/// The command that measured_usage() runs, once a second; empty where it runs none.
[[nodiscard]] std::string command_of(const MeterOptions& options);

/// Of what has nothing left to do: no clock, no meter.
[[nodiscard]] std::unique_ptr<UsageMeter> no_usage();

}  // namespace edgeprune::budget
