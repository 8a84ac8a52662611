#include "edgeprune/run/phase.h"

namespace edgeprune::run {

core::Activity activity_of(Phase phase) {
  switch (phase) {
    case Phase::score:
      return core::Activity::score;
    case Phase::select:
      return core::Activity::select;
    case Phase::train:
      return core::Activity::train;
    case Phase::done:
      break;
  }
  return core::Activity::other;
}

std::string_view name_of(Phase phase) {
  return phase == Phase::done ? "done" : core::name_of(activity_of(phase));
}

}  // namespace edgeprune::run
