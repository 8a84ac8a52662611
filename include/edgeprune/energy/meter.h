#pragma once
// A meter reads joules, or watts, from one place of this machine, and says where they come from.
//
//   for (const std::unique_ptr<Meter>& meter : open_meters({})) {
//     std::optional<double> value = meter->read();      // nothing: not readable just now
//   }
//
// What a reading means stands in its MeterInfo. How readings become joules of a phase is the
// business of tally.h and recorder.h; a meter keeps no history.

#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::energy {

enum class Source { rapl, battery, hwmon, nvml, command, file, model };
/// "rapl", "battery", "hwmon", "nvml", "command", "file", "model".
[[nodiscard]] std::string_view name_of(Source source);

/// What the joules are those of.
enum class Scope { package, core, dram, gpu, board, other };
[[nodiscard]] std::string_view name_of(Scope scope);

enum class Method {
  counter,     // the meter counts joules itself
  integrated,  // watts, summed over time by us (trapezoids)
  modelled,    // power times time, nothing was measured
};
[[nodiscard]] std::string_view name_of(Method method);

/// Provenance: what stands beside every joule.
struct MeterInfo {
  Source source = Source::model;
  std::string name;  // "package-0", "ina3221 VDD_IN", "BAT0", the command
  Scope scope = Scope::other;
  Method method = Method::modelled;
  std::string path;        // the file or command read; empty for the model
  double wrap_joules = 0;  // a counter starts again after so many; 0: it does not, or nobody knows
  double resolution_joules = 0;  // the least step of a counter; 0: not known
  double delay_seconds = 0;      // how old a reading may be: the meter's own update interval
  bool is_counted = true;        // false: lies inside another meter's joules; shown, never added
};

class Meter {
 public:
  virtual ~Meter() = default;
  [[nodiscard]] virtual const MeterInfo& info() const = 0;
  /// Counters: joules since a moment of the meter's own. Others: watts now. Nothing where it could
  /// not be read or made no sense (a gap). Throws only where memory has run out. Called from one
  /// thread at a time.
  [[nodiscard]] virtual std::optional<double> read() = 0;
};

}  // namespace edgeprune::energy
