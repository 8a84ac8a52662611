#include "edgeprune/energy/tally.h"

#include "edgeprune/energy/plausible.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace edgeprune::energy {
namespace {

// No machine that trains at the edge draws more: a counter that fell has wrapped only where that
// takes less. Of rises kMostWatts holds, for those cannot be explained otherwise.
constexpr double kMostWattsOverAWrap = 5000;

double most_joules(double watts, double seconds, const MeterInfo& info) {
  return watts * (seconds + std::min(info.delay_seconds, kMostDelaySeconds) + 1);
}

}  // namespace

Tally::Tally(const MeterInfo& info) : info_(info) {}

double Tally::add(double seconds, std::optional<double> reading) {
  if (!reading) {
    ++counts_.gaps;
    return 0;
  }
  if (std::string why = why_absurd(info_, *reading); !why.empty()) {
    return add_absurd(std::move(why));
  }
  if (!last_reading_) {
    ++counts_.samples;
    last_reading_ = reading;
    last_seconds_ = seconds;
    last_change_ = seconds;
    return 0;
  }
  const double joules = info_.method == Method::counter ? add_counter(seconds, *reading)
                                                        : add_watts(seconds, *reading);
  joules_ += joules;
  return joules;
}

double Tally::add_absurd(std::string why) {
  ++counts_.gaps;
  if (absurd_.empty()) absurd_ = std::move(why);
  return 0;
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
    last_change_ = std::min(last_change_, seconds);
    ++(elapsed == 0 ? counts_.samples : counts_.gaps);
    return 0;
  }
  const double rise = reading - *last_reading_;
  // Of a coarse counter, what was used since it last moved.
  const double moving_seconds = seconds - last_change_;
  last_reading_ = reading;
  if (rise != 0) last_change_ = seconds;
  if (rise > most_joules(kMostWatts, moving_seconds, info_)) {
    return add_absurd(fmt::format("{} J more within {} s", rise, moving_seconds));
  }
  if (rise >= 0) {
    ++counts_.samples;
    return rise;
  }
  const double wrapped = rise + info_.wrap_joules;
  const double most = most_joules(kMostWattsOverAWrap, elapsed, info_);
  if (wrapped < 0 || info_.wrap_joules <= 0 || wrapped > most) {
    ++counts_.gaps;
    return 0;
  }
  ++counts_.samples;
  ++counts_.wraps;
  return wrapped;
}

}  // namespace edgeprune::energy
