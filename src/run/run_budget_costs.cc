// What the steps, evaluations and saves of a run with a budget take.

#include "run_budget.h"

#include <algorithm>

namespace edgeprune::run {
namespace {

// How much longer than the last one measured the last evaluation may take: machines are not quiet.
constexpr double kLongerEvaluation = 1.1;
// Few, so that they cost little; more than one, for the first warms caches up.
constexpr std::uint32_t kBatchesToMeasure = 4;
// A step so many times as long as the longest before hints at a device that has slowed down.
constexpr double kSlowedDown = 1.25;
// The model, the last checkpoint and the summary, beside a checkpoint of now.
constexpr double kSavesAtTheEnd = 2;

}  // namespace

void RunBudget::look() {
  if (is_on_) in_force_ = limits();
  used_.reset();
}

const core::Usage& RunBudget::used() {
  if (!used_) used_ = account_.total();
  return *used_;
}

// The work of a step since then over that of one whose samples are at full size.
double RunBudget::share_since(const Mark& mark) const {
  const double samples = static_cast<double>(state_.spent.learning_samples - mark.samples);
  const double steps = static_cast<double>(state_.step - mark.step);
  return (state_.spent.learning_work - mark.work) /
         (samples + steps * setup_.plan.stages.update_work);
}

// What comes between two steps, such as the beginning of a pass, belongs to the later one. The pace
// is that of steps at full size: smaller samples are taken to be faster by their work.
void RunBudget::count_step() {
  if (mark_ && mark_->step == state_.step) return;
  if (mark_) {
    const core::Usage step = 1 / share_since(*mark_) * (used() - mark_->total);
    last_seconds_ = step.seconds;
    state_.budget.pace.add(step);
    state_.budget.forward.add_step(step.seconds);
  }
  mark_ = Mark{state_.step, state_.spent.learning_samples, state_.spent.learning_work, used()};
}

// The very first time does not count: it brings memory in.
void RunBudget::measure_forward_if_due(const Pass& pass) {
  const std::uint32_t batches = batches_to_measure(pass);
  if (batches == 0) return;
  hooks_.measure_forward(batches, knows_cost_of_forward() ? 1 : 2);
  look();
  count_step();
}

std::uint32_t RunBudget::batches_to_measure(const Pass& pass) {
  if (!knows_cost_of_forward()) return kBatchesToMeasure;
  const bool has_slowed_down =
      largest_seconds_ > 0 && last_seconds_ > kSlowedDown * largest_seconds_;
  const bool confirms = needs_confirmation(pass);
  if (!has_slowed_down && !confirms) return 0;
  state_.budget.forward.is_confirmed |= confirms;
  state_.budget.next_decision = state_.step;
  return confirms ? kBatchesToMeasure : 1;
}

// Once, when the last measurement lies further back than the end lies ahead, all the steps that are
// left take no longer than the evaluation, and there is no room for it twice.
bool RunBudget::needs_confirmation(const Pass& pass) {
  const budget::ForwardPace& forward = state_.budget.forward;
  const std::uint64_t left = total_steps() - std::min(state_.step, total_steps());
  if (forward.is_confirmed || left == 0 || forward.steps_since < left) return false;
  const double seconds =
      static_cast<double>(left) * mean_share_left() * state_.budget.pace.per_step().seconds;
  if (seconds > evaluation_seconds()) return false;
  budget::BudgetRequest twice = request(pass);
  twice.spent += twice.costs.evaluation;
  return !budget::fits(twice, left);
}

void RunBudget::record_forward(const core::Usage& expense, std::uint64_t samples) {
  if (samples == 0) return;
  state_.budget.forward.take(expense.seconds, samples);
  largest_seconds_ = std::max(state_.budget.pace.largest().seconds, last_seconds_);
}

void RunBudget::record_save(const core::Usage& expense) {
  if (expense.seconds <= 0) return;
  save_seconds_ += expense.seconds;
  ++num_saves_;
}

double RunBudget::evaluation_seconds() const {
  const budget::BudgetState& budget = state_.budget;
  const double step = budget.pace.per_step().seconds;
  const double forward = budget.forward.seconds_per_sample > 0 ? budget.forward.seconds_now(step)
                                                               : forward_share_ * step;
  return kLongerEvaluation * static_cast<double>(setup_.data.num_evaluated()) * forward;
}

budget::StepCosts RunBudget::costs() const {
  const budget::StepPace& pace = state_.budget.pace;
  const double save = num_saves_ > 0 ? save_seconds_ / num_saves_ : 0;
  return {.step = mean_share_left() * pace.per_step(),
          .largest_step = pace.largest(),
          .evaluation = pace.of_seconds(evaluation_seconds()),
          .finish = pace.of_seconds(kSavesAtTheEnd * save)};
}

// The mean work of the steps to come over that of one at full size.
double RunBudget::mean_share_left() const {
  const RunPlan& plan = setup_.plan;
  if (state_.phase == Phase::score && plan.warmup_iterations > 0) {
    return plan.scoring_work / (static_cast<double>(plan.scoring_samples) +
                                plan.warmup_iterations * plan.stages.update_work);
  }
  if (state_.phase != Phase::train) return 1;
  return setup_.plan.stages.mean_share_from(position_by_steps());
}

}  // namespace edgeprune::run
