#pragma once
// Progress on standard error: a bar with rate and time left on a terminal, plain lines elsewhere.

#include "edgeprune/run/events.h"

#include <chrono>
#include <string>

namespace edgeprune::cli {

class Progress final : public run::Events {
 public:
  explicit Progress(bool on_terminal) : on_terminal_(on_terminal) {}
  ~Progress() override { clear_bar(); }

  void on_phase(run::Phase phase, std::uint64_t total_steps) override;
  void on_step(run::Phase phase, std::uint64_t step, std::uint64_t total_steps,
               std::uint32_t batch_samples) override;
  void on_epoch(const run::EpochSummary& summary) override;
  void on_notice(const run::Notice& notice) override;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::string bar(std::string_view phase, std::uint64_t step,
                                std::uint64_t total_steps) const;
  void clear_bar();
  void line(const std::string& text);

  bool on_terminal_;
  bool bar_shown_ = false;
  Clock::time_point phase_start_ = Clock::now();
  Clock::time_point last_shown_ = Clock::now();
  std::uint64_t phase_samples_ = 0;
  std::uint64_t phase_steps_ = 0;
};

/// With --quiet: what is about to be executed is said nevertheless.
class CommandsOnly final : public run::Events {
 public:
  void on_notice(const run::Notice& notice) override;
};

}  // namespace edgeprune::cli
