#include "edgeprune/nn/optimizer.h"

#include "edgeprune/core/error.h"
#include "edgeprune/kernels/updates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace edgeprune::nn {
namespace {

// How many floats of (first, second) an optimizer of this kind carries.
std::size_t first_size(const OptimizerOptions& options, std::size_t num_parameters) {
  return options.kind == OptimizerKind::sgd && options.momentum == 0 ? 0 : num_parameters;
}
std::size_t second_size(const OptimizerOptions& options, std::size_t num_parameters) {
  return options.kind == OptimizerKind::sgd ? 0 : num_parameters;
}

kernels::AdamUpdate adam_update_at(const OptimizerOptions& options, float learning_rate,
                                   std::uint64_t step) {
  const bool decoupled = options.kind == OptimizerKind::adamw;
  const auto t = static_cast<double>(step);
  return {.learning_rate = learning_rate,
          .beta1 = options.beta1,
          .beta2 = options.beta2,
          .epsilon = options.epsilon,
          .coupled_decay = decoupled ? 0.0f : options.weight_decay,
          .decoupled_shrink = decoupled ? 1.0f - learning_rate * options.weight_decay : 1.0f,
          .bias_correction1 = static_cast<float>(1.0 - std::pow(double{options.beta1}, t)),
          .bias_correction2_sqrt =
              static_cast<float>(std::sqrt(1.0 - std::pow(double{options.beta2}, t)))};
}

double half_cosine(double progress) {
  return 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, std::size_t num_parameters)
    : options_(options) {
  state_.first.resize(first_size(options, num_parameters));
  state_.second.resize(second_size(options, num_parameters));
}

void Optimizer::step(float learning_rate, std::span<const float> gradients,
                     std::span<float> parameters) {
  ++state_.step;
  if (options_.kind == OptimizerKind::sgd) {
    kernels::sgd_update({.learning_rate = learning_rate,
                         .momentum = options_.momentum,
                         .weight_decay = options_.weight_decay,
                         .first_step = state_.step == 1},
                        gradients.data(), gradients.size(), parameters.data(),
                        state_.first.empty() ? nullptr : state_.first.data());
  } else {
    kernels::adam_update(adam_update_at(options_, learning_rate, state_.step), gradients.data(),
                         gradients.size(), parameters.data(), state_.first.data(),
                         state_.second.data());
  }
}

void Optimizer::restore(OptimizerState state) {
  if (state.first.size() != state_.first.size() || state.second.size() != state_.second.size()) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("the saved optimizer state holds {} + {} numbers where this "
                                  "network and optimizer need {} + {}",
                                  state.first.size(), state.second.size(), state_.first.size(),
                                  state_.second.size()));
  }
  state_ = std::move(state);
}

float Schedule::at(std::uint64_t step, std::uint64_t planned_steps) const {
  const double s = static_cast<double>(step);
  const double planned = static_cast<double>(std::max<std::uint64_t>(planned_steps, 1));
  switch (kind) {
    case ScheduleKind::constant:
      return base_learning_rate;
    case ScheduleKind::cosine:
      return static_cast<float>(double{base_learning_rate} * half_cosine(s / planned));
    case ScheduleKind::one_cycle: {
      const double rise = planned / 5.0;
      if (s < rise) {
        return static_cast<float>(base_learning_rate +
                                  (double{peak_learning_rate} - base_learning_rate) * (s / rise));
      }
      return static_cast<float>(double{peak_learning_rate} *
                                half_cosine((s - rise) / (planned - rise)));
    }
  }
  return base_learning_rate;
}

}  // namespace edgeprune::nn
