#include "edgeprune/run/training_stages.h"

#include <algorithm>
#include <cmath>

namespace edgeprune::run {

const TrainingStage& TrainingStages::at(double position) const {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const TrainingStage& stage) {
    return position < static_cast<double>(stage.end);
  });
  return found == stages.end() ? stages.back() : *found;
}

double TrainingStages::mean_share_from(double position) const {
  double steps = 0;
  double work = 0;
  double begin = std::max(position, 0.0);
  for (const TrainingStage& stage : stages) {
    const double count = std::max(static_cast<double>(stage.end) - begin, 0.0);
    steps += count;
    work += count * step_work(stage);
    begin = std::max(begin, static_cast<double>(stage.end));
  }
  return steps > 0 ? work / (steps * step_work(stages.back())) : 1;
}

void TrainingStages::share_out(double work) {
  constexpr double kRounding = 1e-9;  // of a quotient that is a whole number
  const TrainingStage& last = stages.back();
  std::uint64_t end = 0;
  double left = work;
  for (TrainingStage& stage : stages) {
    // The last has what rounding has left of the others.
    const double of_stage = &stage == &last ? left : stage.share * work;
    const auto steps = static_cast<std::uint64_t>(of_stage / step_work(stage) + kRounding);
    left -= static_cast<double>(steps) * step_work(stage);
    end += steps;
    stage.end = end;
  }
  stages.back().end = std::max<std::uint64_t>(end, 1);
}

}  // namespace edgeprune::run
