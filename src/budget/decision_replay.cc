#include "edgeprune/budget/decision_replay.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace edgeprune::budget {
namespace {

// Positions on the schedule are the same numbers, but for what another compiler rounds otherwise.
constexpr double kSameProgress = 1e-9;

bool is_at(const DecisionRecord& made, const DecisionMoment& now) {
  return made.epoch == now.epoch && made.step == now.step;
}

bool is_past(const DecisionRecord& made, const DecisionMoment& now) {
  return made.epoch < now.epoch || made.step < now.step;
}

// Of one at the step of now.
bool contradicts(const DecisionRecord& made, const DecisionMoment& now) {
  const bool is_within_pass = !made.pass_ended.value_or(true);
  return made.batch.value_or(now.batch) != now.batch || (now.pass_ended && is_within_pass);
}

std::string text_of(const DecisionMoment& moment) {
  return fmt::format("{} pass {} after batch {}, step {}",
                     moment.pass_ended ? "at the end of" : "in", moment.epoch, moment.batch,
                     moment.step);
}

std::string moment_text(const DecisionRecord& made) {
  if (!made.batch) return fmt::format("in pass {} after step {}", made.epoch, made.step);
  return text_of({made.epoch, made.step, *made.batch, made.pass_ended.value_or(false)});
}

}  // namespace

DecisionReplay::DecisionReplay(const std::string& log, std::string name)
    : name_(std::move(name)), hash_(core::content_hash(log)) {
  std::uint64_t line = 0;
  for (DecisionRecord& record : parse_decisions(log, name_)) {
    ++line;
    if (record.sequence == 0) record.sequence = line;
    if (record.decides_training()) decisions_.push_back(std::move(record));
  }
}

void DecisionReplay::go_on_behind(std::size_t taken) {
  if (taken > decisions_.size()) {
    core::reject_file(name_, fmt::format("has {} decisions, of which the run has taken {}; restore "
                                         "the log that the run began with",
                                         decisions_.size(), taken));
  }
  taken_ = taken;
}

std::span<const DecisionRecord> DecisionReplay::due(const DecisionMoment& now) {
  const auto left = std::span(std::as_const(decisions_)).subspan(taken_);
  if (!left.empty() && is_past(left.front(), now)) reject(left.front(), text_of(now));
  std::size_t count = 0;
  while (count < left.size() && is_at(left[count], now)) ++count;
  // Before a step up to the last within the pass: a run of an older version that was resumed could
  // go on with a pass that had ended.
  while (!now.pass_ended && count > 0 && left[count - 1].pass_ended.value_or(false)) --count;
  for (const DecisionRecord& made : left.first(count)) {
    if (contradicts(made, now)) reject(made, text_of(now));
  }
  taken_ += count;
  return left.first(count);
}

void DecisionReplay::require_progress(const DecisionRecord& made, double progress) const {
  if (!made.progress || std::abs(*made.progress - progress) <= kSameProgress) return;
  reject(made, fmt::format("at {} of the schedule, not {}", progress, *made.progress));
}

void DecisionReplay::require_all_taken() const {
  if (taken_ == decisions_.size()) return;
  core::reject_file(
      name_,
      fmt::format("{} of its {} decisions are left over at the end of the run, the first "
                  "taken {}; replay it with the configuration of the run that wrote it",
                  decisions_.size() - taken_, decisions_.size(), moment_text(decisions_[taken_])));
}

void DecisionReplay::reject(const DecisionRecord& made, const std::string& here) const {
  core::reject_file(name_,
                    fmt::format("decision {} was taken {}, and this run is {}; replay it with the "
                                "configuration of the run that wrote it",
                                made.sequence, moment_text(made), here));
}

}  // namespace edgeprune::budget
