#pragma once
// What the phases of a run under way work with, and what each of them may do at any time: say
// something, save, stop.

#include "edgeprune/budget/usage_meter.h"
#include "edgeprune/core/error.h"
#include "edgeprune/cost/run_cost.h"
#include "edgeprune/run/notice.h"
#include "edgeprune/run/pipeline_options.h"
#include "edgeprune/score/scores.h"

#include "run_budget.h"
#include "run_progress.h"
#include "run_setup.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::run {

/// To whoever watches, if anyone does.
void notify(const PipelineOptions& options, const Notice& notice);

struct RunContext {
  const PipelineOptions& options;
  RunSetup& setup;
  RunProgress& run;
  RunBudget& budget;
  budget::UsageMeter& meter;
  const std::optional<cost::RunCost>& predicted;  // nothing without device.profile
  std::optional<score::Scores> scores = {};       // from the end of the warm-up to the selection

  void notice(const Notice& said) const { notify(options, said); }
  void notices(const std::vector<Notice>& all) const;
  void notices(NoticeKind kind, const std::vector<std::string>& texts) const;
  /// Tells what the meters said that makes no sense.
  void notices_of_meters() const { notices(NoticeKind::meter, meter.take_notices()); }
  /// Tells whoever watches that the phase begins.
  void announce_phase() const;
  void announce_step(std::uint32_t batch_samples) const;

  void save() { budget.record_save(run.save()); }
  void save_if_due() { budget.record_save(run.save_if_due()); }

  [[nodiscard]] bool stop_requested() const;
  [[nodiscard]] std::function<bool()> stop_check() const {
    return [this] { return stop_requested(); };
  }
  /// Work that asks stop_check(): stopped, it is done anew by who resumes.
  template <typename Work>
  auto unless_stopped(Work&& work) {
    try {
      return work();
    } catch (const core::Error& error) {
      if (error.kind() == core::ErrorKind::interrupted) run.interrupt();
      throw;
    }
  }

  /// Of the phase, as things stand.
  [[nodiscard]] std::uint64_t total_steps() const;
};

}  // namespace edgeprune::run
