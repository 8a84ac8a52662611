#pragma once
// Records what a run uses under the activity that it is busy with.
//
//   UsageTracker tracker(meter, state.spent);
//   {
//     const auto evaluating = tracker.during(Activity::evaluate);
//     ...
//   }                                        // back to what it was busy with before

#include "edgeprune/budget/run_usage.h"
#include "edgeprune/budget/usage_meter.h"

#include <exception>

namespace edgeprune::budget {

class UsageTracker {
 public:
  /// Both must outlive it. What `meter` has counted before belongs to `other`.
  UsageTracker(UsageMeter& meter, RunUsage& used) : meter_(meter), used_(used) {}

  class During {
   public:
    During(UsageTracker& tracker, core::Activity activity)
        : tracker_(tracker), before_(tracker.activity_) {
      tracker_.enter(activity);
    }
    ~During() { tracker_.leave_for(before_); }
    During(const During&) = delete;
    During& operator=(const During&) = delete;

   private:
    UsageTracker& tracker_;
    core::Activity before_;
  };
  [[nodiscard]] During during(core::Activity activity) { return During(*this, activity); }

  void enter(core::Activity activity);
  /// Writes what was used since the last call into `used`. What a meter threw where nothing may be
  /// thrown, at the end of an activity, is thrown here.
  void flush();
  /// The whole run's so far, pauses apart; flushes.
  [[nodiscard]] core::Usage total();
  [[nodiscard]] UsageMeter& meter() { return meter_; }

 private:
  void leave_for(core::Activity activity) noexcept;

  UsageMeter& meter_;
  RunUsage& used_;
  core::Activity activity_ = core::Activity::other;
  core::Usage recorded_;
  std::exception_ptr failure_;
};

}  // namespace edgeprune::budget
