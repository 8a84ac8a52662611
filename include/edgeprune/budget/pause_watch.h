#pragma once
// Looks every few seconds whether a run should wait.

#include "edgeprune/budget/pause_rules.h"
#include "edgeprune/energy/device_state.h"

#include <chrono>
#include <functional>
#include <string>

namespace edgeprune::budget {

class PauseWatch {
 public:
  /// `device_state` may be empty: this machine's.
  PauseWatch(const PauseRules& rules, std::function<energy::DeviceState()> device_state);

  /// Why the run should wait; empty where it need not. Looks at the device at most every few
  /// seconds, at once after begin() and end().
  [[nodiscard]] std::string reason();
  void begin() { set_paused(true); }
  void end() { set_paused(false); }

 private:
  using Clock = std::chrono::steady_clock;

  void set_paused(bool is_paused);

  PauseRules rules_;
  std::function<energy::DeviceState()> device_state_;
  bool is_paused_ = false;
  std::string reason_;
  Clock::time_point next_look_ = Clock::now();
};

}  // namespace edgeprune::budget
