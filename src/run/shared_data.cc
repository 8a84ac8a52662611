#include "edgeprune/run/shared_data.h"

#include <algorithm>

namespace edgeprune::run {
namespace {

// Everything that open_run_data looks at.
std::string key_of(const config::Config& config) {
  config::Config decisive;
  decisive.data = config.data;
  const bool is_drawn = config.data.class_skew > 0 || config.data.label_noise > 0;
  if (is_drawn) decisive.run.seed = config.run.seed;
  return config::to_toml(decisive);
}

std::uint64_t bytes_of(const RunData& data) {
  return data.train.num_bytes() + (data.test ? data.test->num_bytes() : 0);
}

}  // namespace

std::shared_ptr<const RunData> SharedData::open(const config::Config& config) {
  const std::string key = key_of(config);
  const std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.key == key; });
  if (known != held_.end()) {
    held_.splice(held_.begin(), held_, known);
    return held_.front().data;
  }
  held_.push_front({key, std::make_shared<const RunData>(open_run_data(config))});
  auto opened = held_.front().data;
  drop_surplus();
  return opened;
}

void SharedData::drop_surplus() {
  std::uint64_t bytes = 0;
  for (auto held = held_.begin(); held != held_.end();) {
    bytes += bytes_of(*held->data);
    held = bytes > max_bytes_ ? held_.erase(held) : std::next(held);
  }
}

}  // namespace edgeprune::run
