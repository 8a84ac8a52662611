#include "work_left.h"

#include "edgeprune/select/strategy.h"

namespace edgeprune::compare {
namespace {

// Opening the data, evaluating and writing count like half a pass.
constexpr double kAround = 0.5;

}  // namespace

double work_of(const WarmUp&) {
  return 1 + kAround;
}

double work_of(const Cell& cell) {
  const double epochs = cell.config->train.epochs;
  const double pruned = epochs * cell.keep_ratio.value();
  const auto& strategy = cell.config->catalogues.strategy(cell.config->prune.strategy);
  // As long as `top` with its warm-up.
  const bool as_top = strategy.duration == select::Duration::total_steps ||
                      (cell.config->budget.samples > 0 && !cell.warm_up);
  return kAround + (cell.is_full() ? epochs : pruned + (as_top ? 1 : 0));
}

}  // namespace edgeprune::compare
