#include "edgeprune/budget/usage_tracker.h"

namespace edgeprune::budget {

void UsageTracker::enter(core::Activity activity) {
  if (activity == activity_) return;
  // First, so that the meters are read where the phase ends.
  meter_.enter(activity);
  flush();
  activity_ = activity;
}

void UsageTracker::flush() {
  const core::Usage now = meter_.total();
  used_.record(activity_, now - recorded_);
  recorded_ = now;
}

core::Usage UsageTracker::total() {
  flush();
  return used_.total();
}

}  // namespace edgeprune::budget
