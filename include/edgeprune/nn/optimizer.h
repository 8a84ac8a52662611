#pragma once
// First-order optimizers over flat arrays, as torch.optim defines them, and learning-rate
// schedules.
//
//   Optimizer optimizer({.kind = OptimizerKind::adamw}, model.parameters.size());
//   optimizer.step(schedule.at(step, planned_steps), gradients, model.parameters, pool);

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/model.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::nn {

enum class OptimizerKind { sgd, adam, adamw };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  float momentum = 0.9f;   // sgd; 0: none
  float beta1 = 0.9f;      // adam, adamw
  float beta2 = 0.999f;    // adam, adamw
  float epsilon = 1e-8f;   // adam, adamw
  float weight_decay = 0;  // sgd, adam: added to the gradient; adamw: decoupled
};

/// What an optimizer carries from step to step, of the parameters it trains, range after range;
/// checkpoints hold it.
struct OptimizerState {
  std::uint64_t step = 0;     // updates made
  std::vector<float> first;   // momentum (empty without), or Adam's mean of gradients
  std::vector<float> second;  // Adam's mean of squared gradients; empty for sgd
};

/// The memory of such a state.
[[nodiscard]] std::size_t optimizer_state_bytes(const OptimizerOptions& options,
                                                std::size_t num_trained);

class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, std::size_t num_parameters);
  /// Trains the parameters in these ranges (trainable_ranges of model.h) and leaves the others.
  Optimizer(const OptimizerOptions& options, std::vector<ParameterRange> trained);

  /// One update of the parameters from gradients of the same length (unchecked); both are whole,
  /// with what is not trained, whose gradients are not read. The bits do not depend on the pool's
  /// size.
  void step(float learning_rate, std::span<const float> gradients, std::span<float> parameters,
            core::ThreadPool& pool);

  [[nodiscard]] const OptimizerState& state() const { return state_; }
  /// Hands the state out, to be filled with saved numbers and given back to restore() without a
  /// copy; until then there is no step().
  [[nodiscard]] OptimizerState take_state() { return std::exchange(state_, {}); }
  /// Takes over a saved state; a length that does not fit is an Error of kind data.
  void restore(OptimizerState state);

 private:
  template <typename Update>
  void for_trained(core::ThreadPool& pool, Update&& update) const;

  OptimizerOptions options_;
  std::vector<ParameterRange> trained_;
  OptimizerState state_;
};

enum class ScheduleKind { constant, cosine, one_cycle };

/// The learning rate of step s of S planned steps (s = 0 .. S-1); at() computes it:
///   constant   base
///   cosine     base * (1 + cos(pi * s / S)) / 2          (annealed towards 0)
///   one_cycle  rises linearly from base to peak over the first fifth of the steps, then follows a
///              cosine from peak towards 0
struct Schedule {
  ScheduleKind kind = ScheduleKind::cosine;
  float base_learning_rate = 1e-3f;
  float peak_learning_rate = 3e-3f;  // one_cycle

  /// A step between two where a schedule was stretched.
  [[nodiscard]] float at(double step, double planned_steps) const;
};

}  // namespace edgeprune::nn
