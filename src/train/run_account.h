#pragma once
// Books what a run spends to what it is busy with.
//
//   RunAccount account(spending, state.spent);
//   {
//     const auto evaluating = account.during(Activity::evaluate);
//     ...
//   }                                        // back to what it was busy with before

#include "edgeprune/train/checkpoint.h"
#include "edgeprune/train/spending.h"

namespace edgeprune::train {

class RunAccount {
 public:
  /// Both must outlive it. What `spending` has counted before belongs to `other`.
  RunAccount(Spending& spending, Spent& spent) : spending_(spending), spent_(spent) {}

  class During {
   public:
    During(RunAccount& account, Activity activity) : account_(account), before_(account.activity_) {
      account_.enter(activity);
    }
    ~During() { account_.enter(before_); }
    During(const During&) = delete;
    During& operator=(const During&) = delete;

   private:
    RunAccount& account_;
    Activity before_;
  };
  [[nodiscard]] During during(Activity activity) { return During(*this, activity); }

  void enter(Activity activity);
  /// Writes what was spent since the last call into `spent`.
  void settle();
  /// The whole run's so far, pauses apart; settles.
  [[nodiscard]] Expense total();
  [[nodiscard]] Spending& spending() { return spending_; }

 private:
  Spending& spending_;
  Spent& spent_;
  Activity activity_ = Activity::other;
  Expense booked_;
};

}  // namespace edgeprune::train
