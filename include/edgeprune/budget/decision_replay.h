#pragma once
// An earlier run's decisions, taken again: each at the moment at which it was taken, and all of
// them. A log that does not fit the run is an Error, never a run with other bits.
//
//   DecisionReplay replay(core::read_file(path), path);
//   for (const DecisionRecord& made : replay.due({.epoch = 3, .step = 90, .batch = 4})) ...
//   replay.require_all_taken();      // after the last step

#include "edgeprune/budget/decision_log.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::budget {

/// Where a run is when it would decide.
struct DecisionMoment {
  std::uint32_t epoch = 0;  // 1, 2, ...
  std::uint64_t step = 0;   // steps done
  std::uint32_t batch = 0;  // batches done of the pass
  bool pass_ended = false;  // no more batches of the pass come
};

class DecisionReplay {
 public:
  /// `name` stands for the log in messages. Errors as parse_decisions.
  DecisionReplay(const std::string& log, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Of the log's content.
  [[nodiscard]] const std::string& hash() const { return hash_; }

  /// How many decisions were taken so far; a run that goes on sets it to what it had taken. More
  /// than the log has are an Error of kind data.
  [[nodiscard]] std::size_t taken() const { return taken_; }
  void go_on_behind(std::size_t taken);

  /// The decisions to be taken now, in their order: before each step those within the pass, and
  /// whatever stands before them; at the end of a pass the others. Which of the two a decision of
  /// an older log is that does not say, the run does: it holds now. An Error of kind data where the
  /// next decision cannot be taken any more.
  [[nodiscard]] std::span<const DecisionRecord> due(const DecisionMoment& now);

  /// That `made` is taken at the point of the schedule at which it was taken. An Error of kind data
  /// where it is not: the log is that of another configuration.
  void require_progress(const DecisionRecord& made, double progress) const;

  /// An Error of kind data where decisions are left over.
  void require_all_taken() const;

 private:
  [[noreturn]] void reject(const DecisionRecord& made, const std::string& here) const;

  std::string name_;
  std::string hash_;
  std::vector<DecisionRecord> decisions_;  // those that decide training
  std::size_t taken_ = 0;
};

}  // namespace edgeprune::budget
