#pragma once
// How long a comparison is going to take: the work of each run, in passes over all samples, and the
// seconds per pass seen so far.

#include "edgeprune/compare/grid.h"

namespace edgeprune::compare {

/// Passes over all samples, evaluation apart.
[[nodiscard]] double work_of(const WarmUp& warm_up);
[[nodiscard]] double work_of(const Cell& cell);

class WorkLeft {
 public:
  void add(double work) { left_ += work; }
  void finish(double work, double seconds) {
    left_ -= work;
    done_ += work;
    seconds_ += seconds;
  }
  /// Of one job; 0 before anything is finished.
  [[nodiscard]] double seconds() const { return done_ > 0 ? seconds_ / done_ * left_ : 0; }

 private:
  double left_ = 0;
  double done_ = 0;
  double seconds_ = 0;
};

}  // namespace edgeprune::compare
