#pragma once
// What a run with a budget carries from step to step, and through checkpoints.

#include "edgeprune/budget/budget_control.h"
#include "edgeprune/budget/decision_log.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::budget {

struct BudgetState {
  StepPace pace;
  ForwardPace forward;
  Horizon horizon;                     // of 0 steps from 0: the plan's own
  bool is_stretched = false;           // whether the horizon is another than the plan's
  bool evaluates = true;               // between epochs, as configured
  std::uint64_t next_decision = 0;     // the step before which it is due
  std::uint32_t pass_end = 0;          // batches of the pass under way; 0: all
  bool pass_has_ended = false;         // it makes no more, whatever is decided now
  std::optional<BudgetLimits> limits;  // in force at the last decision; a change asks for another
  std::vector<DecisionRecord> decisions;  // so far, pauses included
  // Of a replay: the log, by its path and the hash of its content, and what was taken of it.
  std::string replayed_log;
  std::string replayed_hash;
  std::uint64_t num_replayed = 0;
};

}  // namespace edgeprune::budget
