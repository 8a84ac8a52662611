#include "batch_norm_step.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::nn {

BatchNormStep::BatchNormStep(const Operation& operation, const Offsets& offsets,
                             Activation* activation)
    : options_(operation.batch_norm),
      name_(operation.name),
      offsets_(offsets),
      activation_(activation),
      inverse_deviation_(activation->shape.channels) {
  for (std::vector<float>* coefficients :
       {&activation->center, &activation->scale, &activation->shift, &activation->slope,
        &activation->offset}) {
    coefficients->assign(channels(), 0.0f);
  }
}

void BatchNormStep::forward(const StepContext& context, const Model& model) {
  if (context.recompute) return;
  if (context.mode == Mode::evaluation || is_frozen()) {
    use_running_statistics(model);
    return;
  }
  if (context.batch * activation_->shape.num_pixels() < 2) {
    for (kernels::ChannelMoments& moments : activation_->moments) moments.reset(channels());
    throw core::Error(core::ErrorKind::data,
                      fmt::format("batch norm '{}' has one value per channel to average over; use "
                                  "batches of at least 2 samples",
                                  name_));
  }
  use_batch_statistics(model);
}

void BatchNormStep::use_batch_statistics(const Model& model) {
  batch_ = kernels::ChannelMoments::merge(activation_->moments);
  for (std::size_t c = 0; c < channels(); ++c) {
    batch_.sum_squared_deviations[c] = std::max(batch_.sum_squared_deviations[c], 0.0);
    const double variance = batch_.sum_squared_deviations[c] / batch_.count;
    inverse_deviation_[c] = 1.0 / std::sqrt(variance + double{options_.epsilon});
    activation_->center[c] = static_cast<float>(batch_.mean[c]);
    activation_->scale[c] =
        static_cast<float>(double{model.parameters[offsets_.weight + c]} * inverse_deviation_[c]);
    activation_->shift[c] = model.parameters[offsets_.bias + c];
  }
  for (kernels::ChannelMoments& moments : activation_->moments) {
    if (moments.count > 0) moments.reset(channels());
  }
}

// The running variance is the unbiased one, as in PyTorch.
void BatchNormStep::update_statistics(Model& model) {
  if (is_frozen()) return;
  const double momentum = options_.momentum;
  for (std::size_t c = 0; c < channels(); ++c) {
    float& mean = model.statistics[offsets_.mean + c];
    float& variance = model.statistics[offsets_.variance + c];
    mean = static_cast<float>((1.0 - momentum) * mean + momentum * batch_.mean[c]);
    variance =
        static_cast<float>((1.0 - momentum) * variance +
                           momentum * batch_.sum_squared_deviations[c] / (batch_.count - 1.0));
  }
}

void BatchNormStep::use_running_statistics(const Model& model) {
  for (std::size_t c = 0; c < channels(); ++c) {
    const double variance = model.statistics[offsets_.variance + c];
    activation_->center[c] = model.statistics[offsets_.mean + c];
    activation_->scale[c] = static_cast<float>(double{model.parameters[offsets_.weight + c]} /
                                               std::sqrt(variance + double{options_.epsilon}));
    activation_->shift[c] = model.parameters[offsets_.bias + c];
  }
}

// With xhat = (x - mean) * inv and m pixels, per channel:
//   d weight = sum dz xhat,  d bias = sum dz,
//   dx = weight inv (dz - sum dz / m - xhat sum(dz xhat) / m).
// Frozen, nothing goes through the statistics: slope and offset stay zero.
void BatchNormStep::backward(const StepContext& context, const Model&, std::span<float> gradients) {
  if (is_frozen()) return;
  const double pixels = static_cast<double>(context.batch * activation_->shape.num_pixels());
  const auto gathered = std::span(activation_->gradient_sums).first(activation_->num_gradient_sums);
  for (std::size_t c = 0; c < channels(); ++c) {
    double sum_dz = 0;
    double sum_dz_x = 0;
    for (const kernels::GradientSums& sums : gathered) {
      sum_dz += sums.dz[c];
      sum_dz_x += sums.dz_x[c];
    }
    const double inverse = inverse_deviation_[c];
    const double scale = activation_->scale[c];
    gradients[offsets_.weight + c] = static_cast<float>(sum_dz_x * inverse);
    gradients[offsets_.bias + c] = static_cast<float>(sum_dz);
    activation_->slope[c] = static_cast<float>(-scale * inverse * inverse * sum_dz_x / pixels);
    activation_->offset[c] = static_cast<float>(-scale * sum_dz / pixels);
  }
  for (kernels::GradientSums& sums : gathered) sums.reset(channels());
}

}  // namespace edgeprune::nn
