#include "edgeprune/budget/budget_control.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeprune::budget {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();

// How much the mean before a decision weighs afterwards, in steps: little, for a device that has
// slowed down is slow from now on, but enough that one odd step does not count for many.
constexpr double kStepsOfTheMean = 8;
// A large step is forgotten by a twentieth with every step after it.
constexpr double kLargestDecay = 0.95;
// Power is the mean of so many steps, for a meter may know nothing new for dozens of them.
constexpr double kStepsOfThePower = 256;
// The steps after a measured forward pass whose mean says how fast the device was.
constexpr std::uint64_t kStepsToCompareWith = 8;

bool within_seconds(const BudgetLimits& limits, const core::Usage& total) {
  return limits.seconds <= 0 || total.seconds <= limits.seconds;
}
bool within_joules(const BudgetRequest& request, const core::Usage& total) {
  const BudgetLimits& limits = request.limits;
  return !limits.limits_joules() ||
         total.joules <= limits.joules_by(total.seconds + request.paused_seconds);
}
bool is_within(const BudgetRequest& request, const core::Usage& total) {
  return within_seconds(request.limits, total) && within_joules(request, total);
}

core::Usage larger(const core::Usage& a, const core::Usage& b) {
  return {std::max(a.seconds, b.seconds), std::max(a.joules, b.joules)};
}

// Downwards, for with a harvest more steps may fit where fewer do not.
std::uint64_t max_steps(const BudgetRequest& request) {
  std::uint64_t steps = request.planned_steps;
  if (request.limits.harvest.empty() && steps > 0) {
    const core::Usage none = min_expense(request, 0);
    const auto room = [&](double limit, double spent, double step) {
      if (limit <= 0 || step <= 0) return static_cast<double>(steps);
      return std::clamp((limit - spent) / step, 0.0, static_cast<double>(steps));
    };
    const core::Usage& step = request.costs.step;
    steps = static_cast<std::uint64_t>(
        std::ceil(std::min(room(request.limits.seconds, none.seconds, step.seconds),
                           room(request.limits.joules, none.joules, step.joules))));
  }
  while (steps > 0 && !fits(request, steps)) --steps;
  return steps;
}

}  // namespace

std::string_view name_of(Shrink shrink) {
  return shrink == Shrink::epochs ? "epochs" : "share";
}

double BudgetLimits::joules_by(double moment) const {
  double sum = joules;
  for (std::size_t i = 0; i < harvest.size(); ++i) {
    const double until = i + 1 < harvest.size() ? harvest[i + 1].from_seconds : kForever;
    const double span = std::min(moment, until) - harvest[i].from_seconds;
    if (span > 0) sum += harvest[i].watts * span;
  }
  return sum;
}

std::optional<double> BudgetLimits::moment_of(double wanted_joules, double now) const {
  double moment = now;
  double sum = joules_by(now);
  if (sum >= wanted_joules) return now;
  for (std::size_t i = 0; i < harvest.size(); ++i) {
    const double until = i + 1 < harvest.size() ? harvest[i + 1].from_seconds : kForever;
    if (until <= moment) continue;
    moment = std::max(moment, harvest[i].from_seconds);
    const double watts = harvest[i].watts;
    if (watts > 0 && moment + (wanted_joules - sum) / watts <= until) {
      return moment + (wanted_joules - sum) / watts;
    }
    if (until == kForever) break;
    sum += watts * (until - moment);
    moment = until;
  }
  return {};
}

core::Usage min_expense(const BudgetRequest& request, std::uint64_t steps) {
  const StepCosts& costs = request.costs;
  const core::Usage end = request.spent + costs.evaluation + costs.finish;
  if (steps == 0) return end;
  return end + static_cast<double>(steps - 1) * costs.step + larger(costs.step, costs.largest_step);
}

bool fits(const BudgetRequest& request, std::uint64_t steps) {
  return is_within(request, min_expense(request, steps));
}

Decision decide(const BudgetRequest& request) {
  const core::Usage all = min_expense(request, request.planned_steps) +
                          request.planned_evaluations * request.costs.evaluation;
  if (is_within(request, all)) return {.steps = request.planned_steps};
  return {.steps = max_steps(request),
          .evaluates = false,
          .binds = within_seconds(request.limits, all) ? "budget.joules" : "budget.seconds"};
}

double Horizon::position_at(std::uint64_t step, std::uint64_t planned_steps) const {
  const auto last = static_cast<double>(std::max<std::uint64_t>(planned_steps, 1) - 1);
  if (steps <= 1 || step + 1 >= end()) return last;
  const double share = static_cast<double>(step - from) / static_cast<double>(steps - 1);
  return position + (last - position) * share;
}

std::uint64_t next_decision(std::uint64_t step, std::uint64_t steps_left) {
  return step + std::max<std::uint64_t>(steps_left / 2, 1);
}

std::uint32_t share_of_pass(std::uint64_t steps_left, std::uint32_t done,
                            std::uint32_t passes_left) {
  return static_cast<std::uint32_t>((steps_left + done + passes_left - 1) / passes_left);
}

void StepPace::add(const core::Usage& step) {
  since_seconds += step.seconds;
  ++steps_since;
  largest_seconds = std::max(step.seconds, kLargestDecay * largest_seconds);
  faded = (1 - 1 / kStepsOfThePower) * faded + step;
}

void StepPace::settle() {
  mean_seconds = per_step().seconds;
  since_seconds = 0;
  steps_since = 0;
}

core::Usage StepPace::per_step() const {
  const double before = mean_seconds > 0 ? kStepsOfTheMean : 0;
  const double steps = static_cast<double>(steps_since) + before;
  return steps > 0 ? of_seconds((since_seconds + before * mean_seconds) / steps) : core::Usage();
}

core::Usage StepPace::largest() const {
  return of_seconds(std::max(largest_seconds, per_step().seconds));
}

core::Usage StepPace::of_seconds(double seconds) const {
  return {seconds, faded.seconds > 0 ? faded.joules / faded.seconds * seconds : 0};
}

void ForwardPace::take(double seconds, std::uint64_t samples) {
  seconds_per_sample = seconds / static_cast<double>(samples);
  steps_since = 0;
  first_seconds = 0;
}

void ForwardPace::add_step(double seconds) {
  if (steps_since < kStepsToCompareWith) first_seconds += seconds;
  ++steps_since;
}

double ForwardPace::seconds_now(double seconds_per_step) const {
  if (steps_since < kStepsToCompareWith) return seconds_per_sample;
  return std::max(seconds_per_step / (first_seconds / kStepsToCompareWith), 1.0) *
         seconds_per_sample;
}

}  // namespace edgeprune::budget
