#include "edgeprune/budget/pause_watch.h"

#include "edgeprune/budget/pause_rules.h"

#include <ctime>
#include <utility>

namespace edgeprune::budget {
namespace {

constexpr std::chrono::seconds kBetweenLooks{3};

int local_minute_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return local.tm_hour * 60 + local.tm_min;
}

}  // namespace

PauseWatch::PauseWatch(const PauseRules& rules, std::function<energy::DeviceState()> device_state)
    : rules_(rules), device_state_(std::move(device_state)) {
  if (!device_state_) device_state_ = [] { return energy::read_device_state("/sys"); };
}

void PauseWatch::set_paused(bool is_paused) {
  is_paused_ = is_paused;
  next_look_ = Clock::now();
}

std::string PauseWatch::reason() {
  const bool has_rules =
      rules_.battery_percent > 0 || rules_.temperature_celsius > 0 || !rules_.allowed_hours.empty();
  if (!has_rules || Clock::now() < next_look_) return reason_;
  next_look_ = Clock::now() + kBetweenLooks;
  reason_ = reason_to_pause(rules_, device_state_(), local_minute_of_day(), is_paused_);
  return reason_;
}

}  // namespace edgeprune::budget
