#pragma once
// First-order optimizers over flat arrays, as torch.optim defines them, one's own update rules, and
// learning-rate schedules.
//
//   Optimizer optimizer({.kind = OptimizerKind::adamw}, model.parameters.size());
//   optimizer.step(schedule.at(step, planned_steps), gradients, model.parameters, pool);
//
// A rule of one's own, here Lion (Chen et al. 2023) without weight decay:
//
//   class Lion final : public UpdateRule {
//    public:
//     std::vector<std::string> state_names() const override { return {"momentum"}; }
//     void update(const UpdateStretch& stretch) const override {
//       for (std::size_t i = 0; i < stretch.parameters.size(); ++i) {
//         const float gradient = stretch.gradients[i];
//         float& momentum = stretch.state[0][i];
//         const float direction = 0.9f * momentum + 0.1f * gradient;
//         stretch.parameters[i] -= stretch.learning_rate * static_cast<float>((direction > 0) -
//                                                                             (direction < 0));
//         momentum = 0.99f * momentum + 0.01f * gradient;
//       }
//     }
//   };
//   Optimizer lion({.rule = std::make_shared<const Lion>()}, model.parameters.size());

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/model.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::nn {

enum class OptimizerKind { sgd, adam, adamw };

/// Some of the trained parameters and what belongs to them, in parallel.
struct UpdateStretch {
  std::uint64_t step = 0;  // 1 at the first update
  float learning_rate = 0;
  std::span<const float> gradients;
  std::span<float> parameters;
  std::span<const std::span<float>> state;  // one span per name of UpdateRule::state_names()
};

class UpdateRule {
 public:
  virtual ~UpdateRule() = default;

  /// The arrays that the rule keeps from step to step: one number for each trained parameter, 0 at
  /// first. Checkpoints hold them under these names, so that they must never change.
  [[nodiscard]] virtual std::vector<std::string> state_names() const { return {}; }

  /// One update of these parameters. Called by several threads at once, for stretches that do not
  /// overlap and begin anywhere: what becomes of a parameter may depend on its own numbers alone.
  virtual void update(const UpdateStretch& stretch) const = 0;
};

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  std::shared_ptr<const UpdateRule> rule;  // one's own, in place of `kind`; null: `kind`
  float momentum = 0.9f;                   // sgd; 0: none
  float beta1 = 0.9f;                      // adam, adamw
  float beta2 = 0.999f;                    // adam, adamw
  float epsilon = 1e-8f;                   // adam, adamw
  float weight_decay = 0;                  // sgd, adam: added to the gradient; adamw: decoupled
};

/// What an optimizer carries from step to step, of the parameters it trains, range after range;
/// checkpoints hold it.
struct OptimizerState {
  std::uint64_t step = 0;     // updates made
  std::vector<float> first;   // momentum (empty without), or Adam's mean of gradients
  std::vector<float> second;  // Adam's mean of squared gradients; empty for sgd

  struct Array {
    std::string name;
    std::vector<float> values;
  };
  std::vector<Array> of_rule;  // of an UpdateRule, in the order of its state_names()
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
  /// Takes over a saved state; a length or a rule's name that does not fit is an Error of kind
  /// data.
  void restore(OptimizerState state);

 private:
  template <typename Update>
  void for_trained(core::ThreadPool& pool, Update&& update) const;
  void step_by_rule(float learning_rate, std::span<const float> gradients,
                    std::span<float> parameters, core::ThreadPool& pool);

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
