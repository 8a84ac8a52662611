#include "edgeprune/nn/optimizer.h"

#include "edgeprune/core/error.h"
#include "edgeprune/kernels/updates.h"

#include "muon.h"
#include "parameter_groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace edgeprune::nn {
namespace {

// How many floats of (first, second) an optimizer of this kind carries.
std::size_t first_size(const OptimizerOptions& options, std::size_t num_trained) {
  const bool plain_sgd = options.kind == OptimizerKind::sgd && options.momentum == 0;
  return options.rule != nullptr || plain_sgd ? 0 : num_trained;
}
std::size_t second_size(const OptimizerOptions& options, std::size_t num_elementwise) {
  return options.rule != nullptr || options.kind == OptimizerKind::sgd ? 0 : num_elementwise;
}

std::vector<std::string> names_of_rule(const OptimizerOptions& options) {
  return options.rule == nullptr ? std::vector<std::string>() : options.rule->state_names();
}

std::size_t state_bytes(const OptimizerOptions& options, std::size_t num_trained,
                        std::size_t num_elementwise) {
  return (first_size(options, num_trained) + second_size(options, num_elementwise) +
          names_of_rule(options).size() * num_trained) *
         sizeof(float);
}

kernels::SgdUpdate sgd_update_at(const OptimizerOptions& options, float learning_rate,
                                 std::uint64_t step) {
  return {.learning_rate = learning_rate,
          .momentum = options.momentum,
          .weight_decay = options.weight_decay,
          .first_step = step == 1};
}

struct AdamBias {
  float correction1 = 1;
  float correction2_sqrt = 1;
};

AdamBias adam_bias_at(const OptimizerOptions& options, std::uint64_t step) {
  const auto t = static_cast<double>(step);
  return {static_cast<float>(1.0 - std::pow(double{options.beta1}, t)),
          static_cast<float>(std::sqrt(1.0 - std::pow(double{options.beta2}, t)))};
}

kernels::AdamUpdate adam_update_at(const OptimizerOptions& options, float learning_rate,
                                   const AdamBias& bias) {
  const bool decoupled = options.kind != OptimizerKind::adam;
  return {.learning_rate = learning_rate,
          .beta1 = options.beta1,
          .beta2 = options.beta2,
          .epsilon = options.epsilon,
          .coupled_decay = decoupled ? 0.0f : options.weight_decay,
          .decoupled_shrink = decoupled ? 1.0f - learning_rate * options.weight_decay : 1.0f,
          .bias_correction1 = bias.correction1,
          .bias_correction2_sqrt = bias.correction2_sqrt};
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
  return state_bytes(options, num_trained, num_trained);
}

OptimizerMemory optimizer_memory(const OptimizerOptions& options, const Network& network,
                                 Freeze freeze) {
  const ParameterGroups groups = groups_of(options, network, freeze);
  return {.state_bytes = state_bytes(options, groups.num_trained, groups.num_elementwise),
          .scratch_bytes = Muon::memory_bytes(groups.matrices)};
}

double update_flops(const OptimizerOptions& options, const Network& network, Freeze freeze) {
  double flops = 0;
  for (const MuonMatrix& matrix : groups_of(options, network, freeze).matrices) {
    flops += newton_schulz_flops(matrix.tall(), options.muon_iterations);
  }
  return flops;
}

Optimizer::Optimizer(const OptimizerOptions& options, const Network& network, Freeze freeze)
    : Optimizer(options, groups_of(options, network, freeze)) {}

Optimizer::Optimizer(const OptimizerOptions& options, std::size_t num_parameters)
    : Optimizer(options, std::vector<ParameterRange>{{0, num_parameters}}) {}

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<ParameterRange> trained)
    : Optimizer(options, groups_of(options, trained)) {}

Optimizer::Optimizer(const OptimizerOptions& options, ParameterGroups groups)
    : options_(options), groups_(std::make_unique<ParameterGroups>(std::move(groups))) {
  if (!groups_->matrices.empty()) muon_ = std::make_unique<Muon>(options, groups_->matrices);
  state_.first.resize(first_size(options, groups_->num_trained));
  state_.second.resize(second_size(options, groups_->num_elementwise));
  for (const std::string& name : names_of_rule(options)) {
    state_.of_rule.push_back({name, std::vector<float>(groups_->num_trained)});
  }
}

Optimizer::~Optimizer() = default;
Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;

// Calls update(part) for parts of parts that together are all that is updated one by one. Threads
// share it out by cache lines of the state, in one go.
template <typename Update>
void Optimizer::for_parts(core::ThreadPool& pool, Update&& update) const {
  constexpr std::size_t kLine = 64 / sizeof(float);
  constexpr std::size_t kGrainLines = 256;
  const std::size_t size = groups_->num_elementwise;
  const core::TaskCut cut = core::cut_into_tasks((size + kLine - 1) / kLine, kGrainLines);
  pool.for_tasks(cut, [&](const core::Task& task) {
    const std::size_t begin = task.begin * kLine;
    const std::size_t end = std::min(task.end * kLine, size);
    for (const UpdatePart& part : groups_->parts) {
      const std::size_t from = std::max(part.in_second, begin);
      const std::size_t to = std::min(part.in_second + part.size, end);
      if (from >= to) continue;
      const std::size_t skipped = from - part.in_second;
      update(UpdatePart{part.parameter + skipped, part.in_first + skipped, from, to - from,
                        part.rate_factor});
    }
  });
}

void Optimizer::step(float learning_rate, std::span<const float> gradients,
                     std::span<float> parameters, core::ThreadPool& pool) {
  ++state_.step;
  if (options_.rule != nullptr) return step_by_rule(learning_rate, gradients, parameters, pool);
  if (muon_) muon_->step(learning_rate, gradients, parameters, state_.first, pool);
  const AdamBias bias = adam_bias_at(options_, state_.step);
  for_parts(pool, [&](const UpdatePart& part) {
    const float rate = learning_rate * part.rate_factor;
    const float* const gradient = gradients.data() + part.parameter;
    float* const values = parameters.data() + part.parameter;
    float* const first = state_.first.empty() ? nullptr : state_.first.data() + part.in_first;
    if (options_.kind == OptimizerKind::sgd) {
      kernels::sgd_update(sgd_update_at(options_, rate, state_.step), gradient, part.size, values,
                          first);
    } else {
      kernels::adam_update(adam_update_at(options_, rate, bias), gradient, part.size, values, first,
                           state_.second.data() + part.in_second);
    }
  });
}

void Optimizer::step_by_rule(float learning_rate, std::span<const float> gradients,
                             std::span<float> parameters, core::ThreadPool& pool) {
  for_parts(pool, [&](const UpdatePart& part) {
    std::vector<std::span<float>> state;
    for (OptimizerState::Array& array : state_.of_rule) {
      state.push_back(std::span(array.values).subspan(part.in_first, part.size));
    }
    options_.rule->update({.step = state_.step,
                           .learning_rate = learning_rate * part.rate_factor,
                           .gradients = gradients.subspan(part.parameter, part.size),
                           .parameters = parameters.subspan(part.parameter, part.size),
                           .state = state});
  });
}

void Optimizer::restore(OptimizerState state) {
  const std::size_t num_trained = groups_->num_trained;
  const std::size_t first = first_size(options_, num_trained);
  const std::size_t second = second_size(options_, groups_->num_elementwise);
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
  const double base = base_learning_rate;
  if (kind == ScheduleKind::constant) return base_learning_rate;
  if (kind == ScheduleKind::cosine) return static_cast<float>(base * half_cosine(s / planned));
  const double rise = planned / 5.0;
  const double peak = peak_learning_rate;
  if (s < rise) return static_cast<float>(base + (peak - base) * (s / rise));
  const double fallen = (s - rise) / (planned - rise);
  return static_cast<float>(peak *
                            (kind == ScheduleKind::linear ? 1.0 - fallen : half_cosine(fallen)));
}

}  // namespace edgeprune::nn
