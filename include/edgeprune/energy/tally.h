#pragma once
// From readings to joules, one meter at a time: no threads, no clock of its own.
//
//   Tally tally(meter.info());
//   tally.add(0.0, meter.read());
//   double joules = tally.add(0.1, meter.read());    // since the reading before

#include "edgeprune/energy/meter.h"

#include <cstdint>
#include <optional>
#include <string>

namespace edgeprune::energy {

/// How sure the joules are.
struct ReadingCounts {
  std::uint64_t samples = 0;  // readings that counted
  std::uint64_t gaps = 0;     // failed or absurd readings, and falls of a counter that are no wrap
  std::uint64_t wraps = 0;
};

class Tally {
 public:
  explicit Tally(const MeterInfo& info);

  /// A reading (nothing: it failed) at a moment of a steady clock. Gives the joules since the last
  /// reading that counted, never negative: a counter that falls has wrapped where wrap_joules is
  /// known and the joules that makes are plausible, else it was reset and the interval counts as a
  /// gap with 0 joules; a time that does not grow gives 0, and one that falls is a gap. What makes
  /// no sense (energy/plausible.h), and a rise that would take more power than any machine has, is
  /// a gap too. A counter must be read at least once per wrap.
  double add(double seconds, std::optional<double> reading);

  [[nodiscard]] double joules() const { return joules_; }
  [[nodiscard]] const ReadingCounts& counts() const { return counts_; }
  /// The first reading that made no sense, in words; empty where all did.
  [[nodiscard]] const std::string& absurd() const { return absurd_; }

 private:
  double add_absurd(std::string why);
  double add_watts(double seconds, double watts);
  double add_counter(double seconds, double reading);

  MeterInfo info_;
  std::optional<double> last_reading_;
  double last_seconds_ = 0;
  double last_change_ = 0;  // of a counter, seconds
  double joules_ = 0;
  ReadingCounts counts_;
  std::string absurd_;
};

}  // namespace edgeprune::energy
