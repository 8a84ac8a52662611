#include "batch_norm_step.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::nn {

BatchNormStep::BatchNormStep(const Operation& operation, std::size_t weight_offset,
                             std::size_t bias_offset, std::size_t mean_offset,
                             std::size_t variance_offset, Activation* activation)
    : options_(operation.batch_norm),
      name_(operation.name),
      weight_offset_(weight_offset),
      bias_offset_(bias_offset),
      mean_offset_(mean_offset),
      variance_offset_(variance_offset),
      activation_(activation),
      inverse_deviation_(activation->shape.channels),
      sum_g_(activation->shape.channels),
      sum_gx_(activation->shape.channels) {
  for (std::vector<float>* coefficients :
       {&activation->center, &activation->scale, &activation->shift, &activation->slope,
        &activation->offset}) {
    coefficients->assign(channels(), 0.0f);
  }
}

void BatchNormStep::forward(const StepContext& context, Model& model) {
  if (context.mode == Mode::evaluation) {
    use_running_statistics(model);
    return;
  }
  if (context.batch * activation_->shape.num_pixels() < 2) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("batch norm '{}' has one value per channel to average over; use "
                                  "batches of at least 2 samples",
                                  name_));
  }
  use_batch_statistics(model);
}

void BatchNormStep::use_batch_statistics(Model& model) {
  kernels::ChannelMoments& total = activation_->moments[0];
  for (std::size_t t = 1; t < activation_->moments.size(); ++t)
    total.merge(activation_->moments[t]);
  const double keep = 1.0 - double{options_.momentum};
  for (std::size_t c = 0; c < channels(); ++c) {
    const double variance = total.squares[c] / total.count;
    inverse_deviation_[c] = 1.0 / std::sqrt(variance + double{options_.epsilon});
    activation_->center[c] = static_cast<float>(total.mean[c]);
    activation_->scale[c] =
        static_cast<float>(double{model.parameters[weight_offset_ + c]} * inverse_deviation_[c]);
    activation_->shift[c] = model.parameters[bias_offset_ + c];

    // The running variance is the unbiased one, as in PyTorch.
    float& mean = model.statistics[mean_offset_ + c];
    float& running = model.statistics[variance_offset_ + c];
    mean = static_cast<float>(keep * mean + double{options_.momentum} * total.mean[c]);
    running = static_cast<float>(keep * running + double{options_.momentum} * total.squares[c] /
                                                      (total.count - 1.0));
  }
}

void BatchNormStep::use_running_statistics(const Model& model) {
  for (std::size_t c = 0; c < channels(); ++c) {
    const double variance = model.statistics[variance_offset_ + c];
    activation_->center[c] = model.statistics[mean_offset_ + c];
    activation_->scale[c] = static_cast<float>(double{model.parameters[weight_offset_ + c]} /
                                               std::sqrt(variance + double{options_.epsilon}));
    activation_->shift[c] = model.parameters[bias_offset_ + c];
  }
}

void BatchNormStep::reduce_gradient(const StepContext& context) {
  const std::size_t pixels = context.batch * activation_->shape.num_pixels();
  for (ThreadScratch& scratch : context.scratch) {
    std::fill_n(scratch.sums.begin(), 2 * channels(), 0.0);
  }
  context.pool.for_ranges(pixels, [&](std::size_t begin, std::size_t end, int thread) {
    const std::span sums(context.scratch[static_cast<std::size_t>(thread)].sums);
    kernels::accumulate_gradient_sums(
        activation_->transform(), activation_->gradient + begin * channels(),
        activation_->values + begin * channels(), end - begin, channels(), sums.first(channels()),
        sums.subspan(channels(), channels()));
  });
  for (std::size_t c = 0; c < channels(); ++c) {
    sum_g_[c] = 0;
    sum_gx_[c] = 0;
    for (const ThreadScratch& scratch : context.scratch) {
      sum_g_[c] += scratch.sums[c];
      sum_gx_[c] += scratch.sums[channels() + c];
    }
  }
}

// With xhat = (x - mean) * inv and m pixels, per channel:
//   d weight = sum dz xhat,  d bias = sum dz,
//   dx = weight inv (dz - sum dz / m - xhat sum(dz xhat) / m).
void BatchNormStep::backward(const StepContext& context, const Model&, std::span<float> gradients) {
  reduce_gradient(context);
  const double pixels = static_cast<double>(context.batch * activation_->shape.num_pixels());
  for (std::size_t c = 0; c < channels(); ++c) {
    const double inverse = inverse_deviation_[c];
    const double scale = activation_->scale[c];
    gradients[weight_offset_ + c] = static_cast<float>(sum_gx_[c] * inverse);
    gradients[bias_offset_ + c] = static_cast<float>(sum_g_[c]);
    activation_->slope[c] = static_cast<float>(-scale * inverse * inverse * sum_gx_[c] / pixels);
    activation_->offset[c] = static_cast<float>(-scale * sum_g_[c] / pixels);
  }
}

}  // namespace edgeprune::nn
