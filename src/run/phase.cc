#include "edgeprune/run/phase.h"

namespace edgeprune::run {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::score:
      return "score";
    case Phase::select:
      return "select";
    case Phase::train:
      return "train";
    case Phase::done:
      return "done";
  }
  return "done";
}

}  // namespace edgeprune::run
