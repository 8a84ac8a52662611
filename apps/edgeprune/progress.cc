#include "progress.h"

#include "edgeprune/core/printable.h"
#include "edgeprune/core/units.h"

#include "output.h"

#include <fmt/format.h>

#include <cstdio>

namespace edgeprune::cli {
namespace {

constexpr int kBarWidth = 28;
// A bar is redrawn ten times a second; a log gets a line every ten seconds within a long phase.
constexpr double kBarSeconds = 0.1;
constexpr double kLineSeconds = 10;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void Progress::on_phase(run::Phase phase, std::uint64_t total_steps) {
  phase_start_ = Clock::now();
  last_shown_ = phase_start_;
  phase_samples_ = 0;
  phase_steps_ = 0;
  if (phase == run::Phase::select) return;
  line(fmt::format("{}: {} steps", name_of(phase), core::format_count(total_steps)));
}

void Progress::on_step(run::Phase phase, std::uint64_t step, std::uint64_t total_steps,
                       std::uint32_t batch_samples) {
  phase_samples_ += batch_samples;
  ++phase_steps_;
  if (seconds_since(last_shown_) < (on_terminal_ ? kBarSeconds : kLineSeconds)) return;
  last_shown_ = Clock::now();
  const std::string text = bar(name_of(phase), step, total_steps);
  if (!on_terminal_) {
    line(text);
    return;
  }
  redraw_line(text);
  bar_shown_ = true;
}

std::string Progress::bar(std::string_view phase, std::uint64_t step,
                          std::uint64_t total_steps) const {
  const double elapsed = seconds_since(phase_start_);
  const double share = static_cast<double>(step) / static_cast<double>(total_steps);
  const double rate = static_cast<double>(phase_samples_) / elapsed;
  const double left =
      elapsed * static_cast<double>(total_steps - step) / static_cast<double>(phase_steps_);
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  const std::string drawn =
      on_terminal_ ? fmt::format("[{:<{}}] ", std::string(filled, '#'), kBarWidth) : "";
  return fmt::format("{:<6} {}{:3.0f} %  step {} of {}  {:.0f} samples/s  {} left", phase, drawn,
                     100 * share, core::format_count(step), core::format_count(total_steps), rate,
                     core::format_seconds(left));
}

void Progress::on_epoch(const run::EpochSummary& summary) {
  std::string text = fmt::format("epoch {:>3} of {}  loss {:.4f}", summary.epoch, summary.epochs,
                                 summary.running_loss);
  if (summary.kept_accuracy >= 0) {
    text += fmt::format("  kept {:.1f} %", 100 * summary.kept_accuracy);
  }
  if (summary.test_accuracy >= 0) {
    text += fmt::format("  test {:.1f} %", 100 * summary.test_accuracy);
  }
  line(text);
}

void Progress::on_notice(const run::Notice& notice) {
  line("note: " + notice.text);
}

void CommandsOnly::on_notice(const run::Notice& notice) {
  if (notice.kind == run::NoticeKind::command) say(fmt::format("note: {}\n", notice.text));
}

void Progress::clear_bar() {
  if (bar_shown_) redraw_line("");
  bar_shown_ = false;
}

void Progress::line(const std::string& text) {
  clear_bar();
  say(core::printable(text, core::kNoLimit) + "\n");
}

}  // namespace edgeprune::cli
