#include "run_pauses.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <optional>

namespace edgeprune::run {
namespace {

constexpr double kPauseSeconds = 1;

}  // namespace

RunPauses::RunPauses(RunContext& context)
    : context_(context), watch_(context.setup.config.pause, context.options.device_state) {}

std::string RunPauses::reason_to_pause() {
  const std::atomic<bool>* pause = context_.options.pause;
  if (pause != nullptr && pause->load(std::memory_order_relaxed)) {
    return "it was asked to (SIGUSR1; SIGUSR2 lets it go on)";
  }
  std::string reason = watch_.reason();
  const std::optional<double> moment = context_.budget.waits_until();
  if (reason.empty() && moment) {
    reason = fmt::format(
        "not enough energy has come in yet; it will have after {:.0f} s of the "
        "run",
        *moment);
  }
  return reason;
}

void RunPauses::stop_or_pause() {
  if (context_.stop_requested()) context_.run.interrupt();
  context_.budget.look();
  const std::string reason = reason_to_pause();
  if (!reason.empty()) pause(reason);
}

void RunPauses::pause(const std::string& reason) {
  context_.budget.log_pause(reason);
  context_.save();
  if (context_.setup.config.pause.stops) {
    throw core::Error(core::ErrorKind::paused,
                      fmt::format("stopped: {}; the run can be resumed", reason),
                      {core::ErrorReason::run_resumable, context_.setup.directory.string()});
  }
  context_.notice({NoticeKind::paused, fmt::format("paused: {}", reason), reason});
  {
    const auto pausing = context_.run.account.during(core::Activity::pause);
    watch_.begin();
    while (!reason_to_pause().empty()) {
      if (context_.stop_requested()) context_.run.interrupt();
      context_.meter.wait(kPauseSeconds);
      context_.run.account.flush();
      context_.budget.look();
    }
    watch_.end();
  }
  context_.budget.end_step_timing();
  context_.budget.look();
  context_.notice({NoticeKind::resumed, "resumed"});
}

}  // namespace edgeprune::run
