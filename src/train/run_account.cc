#include "run_account.h"

namespace edgeprune::train {

void RunAccount::enter(Activity activity) {
  if (activity == activity_) return;
  // First, so that the meters are read where the phase ends.
  spending_.enter(activity);
  settle();
  activity_ = activity;
}

void RunAccount::settle() {
  const Expense now = spending_.total();
  spent_.book(activity_, now - booked_);
  booked_ = now;
}

Expense RunAccount::total() {
  settle();
  return spent_.total();
}

}  // namespace edgeprune::train
