#pragma once
// Data that several runs of one process read: opened once, not once a run.
//
//   SharedData data;
//   run_pipeline(a, {.data = &data});
//   run_pipeline(b, {.data = &data});   // of the same data section: nothing is read again

#include "edgeprune/run/run_data.h"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace edgeprune::run {

/// May be used by many threads. What nobody uses any more stays in memory as long as all that is
/// held takes no more than `max_bytes`; the one asked for longest ago goes first.
class SharedData {
 public:
  static constexpr std::uint64_t kMaxBytes = 512 * 1024 * 1024;
  explicit SharedData(std::uint64_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  /// As open_run_data. One at a time: who asks for what is being opened waits for it.
  [[nodiscard]] std::shared_ptr<const RunData> open(const config::Config& config);

 private:
  struct Held {
    std::string key;
    std::shared_ptr<const RunData> data;
  };
  void drop_surplus();

  std::uint64_t max_bytes_;
  std::mutex mutex_;
  std::list<Held> held_;  // the one asked for last in front
};

}  // namespace edgeprune::run
