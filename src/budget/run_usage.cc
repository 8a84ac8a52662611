#include "edgeprune/budget/run_usage.h"

namespace edgeprune::budget {

void RunUsage::record(core::Activity activity, const core::Usage& usage) {
  if (activity == core::Activity::pause) {
    paused_seconds += usage.seconds;
  } else {
    by_activity[activity] += usage;
  }
}

}  // namespace edgeprune::budget
