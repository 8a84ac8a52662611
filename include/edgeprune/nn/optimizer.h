#pragma once
// First-order optimizers over flat arrays, as torch.optim defines them, and learning-rate
// schedules.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

enum class OptimizerKind { sgd, adam, adamw };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  float momentum = 0.9f;   // sgd
  float beta1 = 0.9f;      // adam, adamw
  float beta2 = 0.999f;    // adam, adamw
  float epsilon = 1e-8f;   // adam, adamw
  float weight_decay = 0;  // sgd, adam: added to the gradient; adamw: decoupled
};

/// What an optimizer carries from step to step; checkpoints hold it.
struct OptimizerState {
  std::uint64_t step = 0;     // updates made
  std::vector<float> first;   // momentum, or Adam's mean of gradients; may be empty
  std::vector<float> second;  // Adam's mean of squared gradients; may be empty
};

class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, std::size_t num_parameters);

  /// One update of the parameters from gradients of the same length.
  void step(float learning_rate, std::span<const float> gradients, std::span<float> parameters);

  [[nodiscard]] const OptimizerState& state() const { return state_; }
  /// Takes over a saved state; a length that does not fit is an Error of kind data.
  void restore(OptimizerState state);

 private:
  OptimizerOptions options_;
  OptimizerState state_;
};

enum class ScheduleKind { constant, cosine, one_cycle };

/// The learning rate of step s of S planned steps (s = 0 .. S-1):
///   constant   base
///   cosine     base * (1 + cos(pi * s / S)) / 2          (annealed towards 0)
///   one_cycle  rises linearly from base to peak over the first fifth of the steps, then follows a
///              cosine from peak towards 0
struct Schedule {
  ScheduleKind kind = ScheduleKind::cosine;
  float base_learning_rate = 1e-3f;
  float peak_learning_rate = 3e-3f;  // one_cycle

  [[nodiscard]] float at(std::uint64_t step, std::uint64_t planned_steps) const;
};

}  // namespace edgeprune::nn
