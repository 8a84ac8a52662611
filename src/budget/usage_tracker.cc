#include "edgeprune/budget/usage_tracker.h"

#include <cmath>

namespace edgeprune::budget {

void UsageTracker::enter(core::Activity activity) {
  if (activity == activity_) return;
  // First, so that the meters are read where the phase ends.
  meter_.enter(activity);
  flush();
  activity_ = activity;
}

void UsageTracker::leave_for(core::Activity activity) noexcept {
  try {
    enter(activity);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

// A meter of whoever embeds us may say anything.
void UsageTracker::flush() {
  if (failure_) std::rethrow_exception(failure_);
  core::Usage now = meter_.total();
  if (!std::isfinite(now.seconds)) now.seconds = recorded_.seconds;
  if (!std::isfinite(now.joules)) now.joules = recorded_.joules;
  used_.record(activity_, now - recorded_);
  recorded_ = now;
}

core::Usage UsageTracker::total() {
  flush();
  return used_.total();
}

}  // namespace edgeprune::budget
