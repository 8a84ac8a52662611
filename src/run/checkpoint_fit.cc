#include "checkpoint_fit.h"

#include "edgeprune/core/batch_plan.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string_view>
#include <variant>

namespace edgeprune::run {
namespace {

class Fit {
 public:
  Fit(const LoadedCheckpoint& checkpoint, const RunSetup& setup)
      : checkpoint_(checkpoint), state_(checkpoint.state), setup_(setup), plan_(setup.plan) {}

  void require_all() const {
    require(state_.num_samples == plan_.num_samples, "num_samples");
    if (state_.phase == Phase::score && setup_.strategy().warms_up) require_scoring();
    if (state_.phase == Phase::train) require_training();
    if (state_.budget.is_stretched) require_horizon();
    require_warmup();
  }

 private:
  void require(bool holds, std::string_view field) const {
    if (holds) return;
    throw UnfitCheckpoint(
        checkpoint_.file.path(),
        fmt::format("its state is damaged at '{}', which does not fit this run", field));
  }

  void require_within(const core::BatchPlan& pass) const {
    require(state_.batch <= pass.num_batches(), "batch");
    require(state_.pass_samples <= pass.num_drawn(), "pass_samples");
  }

  void require_scoring() const {
    require(state_.step <= plan_.warmup_iterations, "step");
    require_within(core::BatchPlan(plan_.num_samples, setup_.config.train.batch_size));
  }

  void require_training() const {
    require(state_.step <= plan_.training_steps, "step");
    require_within(training_batches(setup_.config, static_cast<std::uint32_t>(state_.kept.size())));
    // With budget.samples a sampler's passes are as many as its steps come to.
    const bool counts_steps = setup_.config.budget.samples > 0;
    require(counts_steps || state_.epoch <= plan_.epochs, "epoch");
  }

  void require_horizon() const {
    require(state_.budget.horizon.end() <= plan_.training_steps, "budget.horizon_steps");
    require(state_.budget.horizon.position <= static_cast<double>(plan_.training_steps),
            "budget.horizon_position");
  }

  void require_warmup() const {
    const bool is_over = setup_.strategy().warms_up && state_.phase > Phase::score;
    // Before, another strategy may have been chosen, which is told apart from damage elsewhere.
    const bool is_settled = is_over && state_.phase > Phase::select;
    require(!is_settled || state_.warmup_iterations > 0, "warmup_iterations");
    require(!is_over || plan_.scoring_samples <= state_.spent.learning_samples,
            "warmup_iterations");
  }

  const LoadedCheckpoint& checkpoint_;
  const RunState& state_;
  const RunSetup& setup_;
  const RunPlan& plan_;
};

bool is_number(float value) {
  return std::isfinite(value);
}
bool is_number(double value) {
  return std::isfinite(value);
}
bool is_number(std::uint32_t) {
  return true;
}

void require_visits(const LoadedCheckpoint& checkpoint, const std::string& name,
                    std::span<const std::uint32_t> visits) {
  const RunState& state = checkpoint.state;
  const std::uint64_t most = state.spent.learning_samples + state.spent.scoring_forward_samples;
  const std::uint32_t least = state.phase > Phase::score ? 1 : 0;
  for (std::size_t n = 0; n < visits.size(); ++n) {
    if (visits[n] >= least && visits[n] <= most) continue;
    throw UnfitCheckpoint(
        checkpoint.file.path(),
        fmt::format("'{}' is damaged at index {}: {} visits", name, n, visits[n]));
  }
}

}  // namespace

void require_fit(const LoadedCheckpoint& checkpoint, const RunSetup& setup) {
  Fit(checkpoint, setup).require_all();
}

void require_fit(const LoadedCheckpoint& checkpoint,
                 const std::vector<core::NamedArray>& gathered) {
  for (const core::NamedArray& array : gathered) {
    std::visit(
        [&](auto values) {
          for (std::size_t i = 0; i < values.size(); ++i) {
            if (is_number(values[i])) continue;
            throw UnfitCheckpoint(
                checkpoint.file.path(),
                fmt::format("'{}' is damaged at index {}: {}", array.name, i, values[i]));
          }
        },
        array.values);
    if (array.name == "score.visits") {
      require_visits(checkpoint, array.name, std::get<std::span<std::uint32_t>>(array.values));
    }
  }
}

}  // namespace edgeprune::run
