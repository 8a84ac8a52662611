#include "run_context.h"

namespace edgeprune::run {

void notify(const PipelineOptions& options, const Notice& notice) {
  if (options.events != nullptr) options.events->on_notice(notice);
}

void RunContext::notices(const std::vector<Notice>& all) const {
  for (const Notice& said : all) notice(said);
}

void RunContext::notices(NoticeKind kind, const std::vector<std::string>& texts) const {
  for (const std::string& text : texts) notice({kind, text});
}

std::uint64_t RunContext::total_steps() const {
  return run.state.phase == Phase::score ? setup.plan.warmup_iterations : budget.total_steps();
}

void RunContext::announce_phase() const {
  if (options.events != nullptr) options.events->on_phase(run.state.phase, total_steps());
}

void RunContext::announce_step(std::uint32_t batch_samples) const {
  if (options.events == nullptr) return;
  options.events->on_step(run.state.phase, run.state.step, total_steps(), batch_samples);
}

bool RunContext::stop_requested() const {
  return options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
}

}  // namespace edgeprune::run
