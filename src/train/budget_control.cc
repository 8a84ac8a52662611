#include "edgeprune/train/budget_control.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeprune::train {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();

// How much the mean before a decision weighs afterwards, in steps: little, for a device that has
// slowed down is slow from now on, but enough that one odd step does not count for many.
constexpr double kStepsOfTheMean = 8;
// A large step is forgotten by a twentieth with every step after it.
constexpr double kLargestDecay = 0.95;

bool within_seconds(const BudgetLimits& limits, const Expense& total) {
  return limits.seconds <= 0 || total.seconds <= limits.seconds;
}
bool within_joules(const BudgetQuestion& question, const Expense& total) {
  const BudgetLimits& limits = question.limits;
  return !limits.limits_joules() ||
         total.joules <= limits.joules_by(total.seconds + question.paused_seconds);
}
bool fits(const BudgetQuestion& question, const Expense& total) {
  return within_seconds(question.limits, total) && within_joules(question, total);
}

// Downwards, for with a harvest more steps may fit where fewer do not.
std::uint64_t most_steps(const BudgetQuestion& question) {
  std::uint64_t steps = question.planned_steps;
  if (question.limits.harvest.empty() && steps > 0) {
    const Expense none = least_expense(question, 0);
    const auto room = [&](double limit, double spent, double step) {
      if (limit <= 0 || step <= 0) return static_cast<double>(steps);
      return std::clamp((limit - spent) / step, 0.0, static_cast<double>(steps));
    };
    const Expense& step = question.costs.step;
    steps = static_cast<std::uint64_t>(
        std::ceil(std::min(room(question.limits.seconds, none.seconds, step.seconds),
                           room(question.limits.joules, none.joules, step.joules))));
  }
  while (steps > 0 && !fits(question, least_expense(question, steps))) --steps;
  return steps;
}

}  // namespace

Expense& Expense::operator+=(const Expense& other) {
  seconds += other.seconds;
  joules += other.joules;
  return *this;
}
Expense operator+(Expense a, const Expense& b) {
  return a += b;
}
Expense operator-(const Expense& a, const Expense& b) {
  return {a.seconds - b.seconds, a.joules - b.joules};
}
Expense operator*(double factor, const Expense& expense) {
  return {factor * expense.seconds, factor * expense.joules};
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

Expense least_expense(const BudgetQuestion& question, std::uint64_t steps) {
  const StepCosts& costs = question.costs;
  return question.spent + static_cast<double>(steps) * costs.step + costs.evaluation + costs.finish;
}

Decision decide(const BudgetQuestion& question) {
  const Expense all = least_expense(question, question.planned_steps) +
                      question.planned_evaluations * question.costs.evaluation;
  if (fits(question, all)) return {.steps = question.planned_steps};
  return {.steps = most_steps(question),
          .evaluates = false,
          .binds = within_seconds(question.limits, all) ? "budget.joules" : "budget.seconds"};
}

bool one_more_fits(const BudgetQuestion& question) {
  return fits(question, least_expense(question, 0) + question.costs.largest_step);
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

void StepPace::add(const Expense& step) {
  since += step;
  ++steps_since;
  largest_seconds = std::max(step.seconds, kLargestDecay * largest_seconds);
}

void StepPace::settle() {
  mean = per_step();
  since = {};
  steps_since = 0;
}

Expense StepPace::per_step() const {
  const double before = mean.seconds > 0 ? kStepsOfTheMean : 0;
  const double steps = static_cast<double>(steps_since) + before;
  return steps > 0 ? (1 / steps) * (since + before * mean) : Expense();
}

Expense StepPace::largest() const {
  const Expense step = per_step();
  const double seconds = std::max(largest_seconds, step.seconds);
  return {seconds, step.seconds > 0 ? step.joules / step.seconds * seconds : 0};
}

}  // namespace edgeprune::train
