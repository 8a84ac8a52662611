#include "edgeprune/energy/tally.h"

#include <cmath>

namespace edgeprune::energy {
namespace {

// No machine that trains at the edge draws more: a counter that fell has wrapped only where that
// takes less.
constexpr double kMaxWatts = 5000;

bool makes_sense(double reading, const MeterInfo& info) {
  if (!std::isfinite(reading) || reading < 0) return false;
  const bool wraps = info.method == Method::counter && info.wrap_joules > 0;
  return !wraps || reading <= info.wrap_joules;
}

}  // namespace

Tally::Tally(const MeterInfo& info) : info_(info) {}

double Tally::add(double seconds, std::optional<double> reading) {
  if (!reading || !makes_sense(*reading, info_)) {
    ++counts_.gaps;
    return 0;
  }
  if (!last_reading_) {
    ++counts_.samples;
    last_reading_ = reading;
    last_seconds_ = seconds;
    return 0;
  }
  const double joules = info_.method == Method::counter ? add_counter(seconds, *reading)
                                                        : add_watts(seconds, *reading);
  joules_ += joules;
  return joules;
}

double Tally::add_watts(double seconds, double watts) {
  const double elapsed = seconds - last_seconds_;
  const double joules = elapsed > 0 ? elapsed * (*last_reading_ + watts) / 2 : 0;
  ++(elapsed >= 0 ? counts_.samples : counts_.gaps);
  last_reading_ = watts;
  last_seconds_ = seconds;
  return joules;
}

double Tally::add_counter(double seconds, double reading) {
  const double elapsed = seconds - last_seconds_;
  last_seconds_ = seconds;
  if (elapsed <= 0) {
    // The reading before stays: the next one brings these joules.
    ++(elapsed == 0 ? counts_.samples : counts_.gaps);
    return 0;
  }
  const double rise = reading - *last_reading_;
  last_reading_ = reading;
  if (rise >= 0) {
    ++counts_.samples;
    return rise;
  }
  const double wrapped = rise + info_.wrap_joules;
  const double most = kMaxWatts * (elapsed + info_.delay_seconds + 1);
  if (wrapped < 0 || info_.wrap_joules <= 0 || wrapped > most) {
    ++counts_.gaps;
    return 0;
  }
  ++counts_.samples;
  ++counts_.wraps;
  return wrapped;
}

}  // namespace edgeprune::energy
