#include "edgeprune/nn/optimizer.h"

#include "edgeprune/core/error.h"
#include "edgeprune/kernels/updates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace edgeprune::nn {
namespace {

// How many floats of (first, second) an optimizer of this kind carries.
std::size_t first_size(const OptimizerOptions& options, std::size_t num_parameters) {
  const bool plain_sgd = options.kind == OptimizerKind::sgd && options.momentum == 0;
  return options.rule != nullptr || plain_sgd ? 0 : num_parameters;
}
std::size_t second_size(const OptimizerOptions& options, std::size_t num_parameters) {
  return options.rule != nullptr || options.kind == OptimizerKind::sgd ? 0 : num_parameters;
}

std::vector<std::string> names_of_rule(const OptimizerOptions& options) {
  return options.rule == nullptr ? std::vector<std::string>() : options.rule->state_names();
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

void require_fits(const std::vector<OptimizerState::Array>& saved,
                  const std::vector<std::string>& names, std::size_t num_trained) {
  const bool fits = std::equal(saved.begin(), saved.end(), names.begin(), names.end(),
                               [&](const auto& array, const std::string& name) {
                                 return array.name == name && array.values.size() == num_trained;
                               });
  if (fits) return;
  throw core::Error(core::ErrorKind::data,
                    fmt::format("the saved state of the update rule is not what this rule keeps: "
                                "{} numbers each of \"{}\"",
                                num_trained, fmt::join(names, "\", \"")));
}

double half_cosine(double progress) {
  return 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace

std::size_t optimizer_state_bytes(const OptimizerOptions& options, std::size_t num_trained) {
  return (first_size(options, num_trained) + second_size(options, num_trained) +
          names_of_rule(options).size() * num_trained) *
         sizeof(float);
}

Optimizer::Optimizer(const OptimizerOptions& options, std::size_t num_parameters)
    : Optimizer(options, std::vector<ParameterRange>{{0, num_parameters}}) {}

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<ParameterRange> trained)
    : options_(options), trained_(std::move(trained)) {
  const std::size_t num_trained = num_parameters(trained_);
  state_.first.resize(first_size(options, num_trained));
  state_.second.resize(second_size(options, num_trained));
  for (const std::string& name : names_of_rule(options)) {
    state_.of_rule.push_back({name, std::vector<float>(num_trained)});
  }
}

// Calls update(place among all parameters, place in the state, count) for stretches that together
// are all that is trained. The state holds the ranges one after another; threads share it out by
// cache lines, in one go for all ranges.
template <typename Update>
void Optimizer::for_trained(core::ThreadPool& pool, Update&& update) const {
  constexpr std::size_t kLine = 64 / sizeof(float);
  const std::size_t size = num_parameters(trained_);
  constexpr std::size_t kGrainLines = 256;
  const core::TaskCut cut = core::cut_into_tasks((size + kLine - 1) / kLine, kGrainLines);
  pool.for_tasks(cut, [&](const core::Task& task) {
    const std::size_t begin = task.begin * kLine;
    const std::size_t end = std::min(task.end * kLine, size);
    std::size_t at = 0;
    for (const ParameterRange& range : trained_) {
      const std::size_t from = std::max(at, begin);
      const std::size_t to = std::min(at + range.size, end);
      if (from < to) update(range.offset + from - at, from, to - from);
      at += range.size;
    }
  });
}

void Optimizer::step(float learning_rate, std::span<const float> gradients,
                     std::span<float> parameters, core::ThreadPool& pool) {
  ++state_.step;
  if (options_.rule != nullptr) return step_by_rule(learning_rate, gradients, parameters, pool);
  const kernels::SgdUpdate sgd{.learning_rate = learning_rate,
                               .momentum = options_.momentum,
                               .weight_decay = options_.weight_decay,
                               .first_step = state_.step == 1};
  const kernels::AdamUpdate adam = adam_update_at(options_, learning_rate, state_.step);
  for_trained(pool, [&](std::size_t parameter, std::size_t in_state, std::size_t count) {
    const float* const gradient = gradients.data() + parameter;
    float* const values = parameters.data() + parameter;
    if (options_.kind == OptimizerKind::sgd) {
      float* const velocity = state_.first.empty() ? nullptr : state_.first.data() + in_state;
      kernels::sgd_update(sgd, gradient, count, values, velocity);
    } else {
      kernels::adam_update(adam, gradient, count, values, state_.first.data() + in_state,
                           state_.second.data() + in_state);
    }
  });
}

void Optimizer::step_by_rule(float learning_rate, std::span<const float> gradients,
                             std::span<float> parameters, core::ThreadPool& pool) {
  for_trained(pool, [&](std::size_t parameter, std::size_t in_state, std::size_t count) {
    std::vector<std::span<float>> state;
    for (OptimizerState::Array& array : state_.of_rule) {
      state.push_back(std::span(array.values).subspan(in_state, count));
    }
    options_.rule->update({.step = state_.step,
                           .learning_rate = learning_rate,
                           .gradients = gradients.subspan(parameter, count),
                           .parameters = parameters.subspan(parameter, count),
                           .state = state});
  });
}

void Optimizer::restore(OptimizerState state) {
  const std::size_t num_trained = num_parameters(trained_);
  const std::size_t first = first_size(options_, num_trained);
  const std::size_t second = second_size(options_, num_trained);
  if (state.first.size() != first || state.second.size() != second) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("the saved optimizer state holds {} + {} numbers where this "
                                  "network and optimizer need {} + {}",
                                  state.first.size(), state.second.size(), first, second));
  }
  require_fits(state.of_rule, names_of_rule(options_), num_trained);
  state_ = std::move(state);
}

float Schedule::at(double s, double planned_steps) const {
  const double planned = std::max(planned_steps, 1.0);
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
