#pragma once
// First-order optimizers, as torch.optim defines them, one's own update rules, and learning-rate
// schedules.
//
//   Optimizer optimizer({.kind = OptimizerKind::adamw}, network, Freeze::none);
//   optimizer.step(schedule.at(step, planned_steps), gradients, model.parameters, pool);
//
// Muon (Jordan et al. 2024) takes every dense convolution weight, and every linear weight but the
// head's (Network::head), as a matrix W of out rows and kh kw in columns whose smaller side is at
// most muon_max_size, and moves it by a matrix whose singular values are all near 1. With the
// gradient g, the momentum m = mu m + g and u = g + mu m (Nesterov), muon_iterations Newton-Schulz
// steps on u / |u| (Frobenius norm) make u':
//
//   X <- aX + (bA + cA^2)X, A = XX^T on the smaller side, (a, b, c) = (3.4445, -4.7750, 2.0315)
//
// With rate = learning rate x muon_learning_rate_factor:
//
//   muon_keeps_norm       W <- W - rate (n / s) u', then scaled back to the norm n = |W| that it
//   had
//                         (n = 0: n = s), s = sqrt(min(out, kh kw in)): steps are relative to the
//                         weight, whose size a batch norm behind it makes irrelevant. Weight decay
//                         does nothing here.
//   not muon_keeps_norm   W <- (1 - rate weight_decay) W - rate sqrt(max(1, out / (kh kw in))) u',
//                         torch.optim.Muon with its adjustment "original"
//
// All else (biases, batch norms, depthwise weights, the head, larger matrices) moves as by adamw.
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
#include "edgeprune/nn/network.h"
#include "edgeprune/nn/optimizer_options.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgeprune::nn {

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

/// What an optimizer carries from step to step, of the parameters it trains, range after range;
/// checkpoints hold it.
struct OptimizerState {
  std::uint64_t step = 0;    // updates made
  std::vector<float> first;  // momentum (empty without), or Adam's mean of gradients
  std::vector<float>
      second;  // Adam's mean of squared gradients, without what Muon moves; sgd: none

  struct Array {
    std::string name;
    std::vector<float> values;
  };
  std::vector<Array> of_rule;  // of an UpdateRule, in the order of its state_names()
};

/// The memory of such a state where Muon moves nothing: optimizer_memory() knows.
[[nodiscard]] std::size_t optimizer_state_bytes(const OptimizerOptions& options,
                                                std::size_t num_trained);

struct OptimizerMemory {
  std::size_t state_bytes = 0;    // in checkpoints too
  std::size_t scratch_bytes = 0;  // muon: the largest matrix, 4 to 5 r x r ones, and tasks' panels
};
[[nodiscard]] OptimizerMemory optimizer_memory(const OptimizerOptions& options,
                                               const Network& network, Freeze freeze);

/// FLOPs of one update beside what Network counts: of the products of Muon's Newton-Schulz steps by
/// definition, 4 r^2 n + 2 r^3 for each step of an r x n matrix, r <= n (a multiply-add is two),
/// however it is computed. 0 for other kinds.
[[nodiscard]] double update_flops(const OptimizerOptions& options, const Network& network,
                                  Freeze freeze);

class Muon;
struct ParameterGroups;

class Optimizer {
 public:
  /// Trains what `freeze` leaves to train, each group of parameters at its own rate.
  Optimizer(const OptimizerOptions& options, const Network& network, Freeze freeze);
  /// Parameters of which nothing else is known, all at one rate. muon is an Error of kind config.
  Optimizer(const OptimizerOptions& options, std::size_t num_parameters);
  /// Trains the parameters in these ranges and leaves the others.
  Optimizer(const OptimizerOptions& options, std::vector<ParameterRange> trained);
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

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
  Optimizer(const OptimizerOptions& options, ParameterGroups groups);
  template <typename Update>
  void for_parts(core::ThreadPool& pool, Update&& update) const;
  void step_by_rule(float learning_rate, std::span<const float> gradients,
                    std::span<float> parameters, core::ThreadPool& pool);

  OptimizerOptions options_;
  std::unique_ptr<ParameterGroups> groups_;
  std::unique_ptr<Muon> muon_;  // null where it moves nothing
  OptimizerState state_;
};

enum class ScheduleKind { constant, cosine, one_cycle, linear };

/// The learning rate of step s of S planned steps (s = 0 .. S-1); at() computes it:
///   constant   base
///   cosine     base * (1 + cos(pi * s / S)) / 2          (annealed towards 0)
///   one_cycle  rises linearly from base to peak over the first fifth of the steps, then follows a
///              cosine from peak towards 0
///   linear     rises likewise, then falls linearly from peak towards 0 (as in Jordan 2024,
///              airbench, and as measured: docs/choosing.md)
struct Schedule {
  ScheduleKind kind = ScheduleKind::cosine;
  float base_learning_rate = 1e-3f;
  float peak_learning_rate = 3e-3f;  // one_cycle, linear

  /// A step between two where a schedule was stretched.
  [[nodiscard]] float at(double step, double planned_steps) const;
};

}  // namespace edgeprune::nn
