#pragma once
// Backward passes against central differences.
//
// The loss is L = sum_i r_i * logit_i with fixed random r, summed in double: linear, so that only
// the network bends it. Every parameter p is compared with (L(p + h) - L(p - h)) / 2h.
//
// h = 2^-8. Logits of size 1 carry rounding errors of some 2e-6, which the division turns into
// 3e-4; the truncation, h^2 / 6 times a third derivative of 10 to 100 (batch norm over a few
// pixels), adds up to 3e-4. Differences of up to 1e-3 of the tensor's largest gradient (or of 1)
// are allowed for; an error in a formula shows as one of the size of the gradient itself.
//
// Inputs must keep clear of kinks: see clear_of_kinks.

#include "nn/network_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::nn::testing {

constexpr float kStep = 0x1p-8f;
constexpr double kTolerance = 1e-3;
// Every parameter costs two forward passes. Sanitizers, which make those twenty times slower, look
// for other faults than wrong numbers.
#if defined(EDGEPRUNE_SANITIZED)
constexpr std::size_t kEvery = 11;
#else
constexpr std::size_t kEvery = 1;
#endif

/// Images of one channel whose values are all different and lie in +-[1, 1.5]. Through a 1x1
/// convolution, with batch norm or without, their order within a channel stays (or is reversed), so
/// that steps of h change no maximum of a pool and push nothing across the bound of a ReLU.
inline std::vector<float> clear_of_kinks(std::size_t size) {
  const auto order = core::random_permutation(static_cast<std::uint32_t>(size), {.seed = 31});
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float rank = static_cast<float>(order[i] / 2) / static_cast<float>(size);
    values[i] = (order[i] % 2 == 0 ? 1.0f : -1.0f) * (1 + rank);
  }
  return values;
}

inline double linear_loss(std::span<const float> logits, std::span<const float> r) {
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) sum += double{logits[i]} * double{r[i]};
  return sum;
}

/// Weights of both signs and of size 1/2 to 1, over the root of the fan-in; biases within +-0.1.
inline Model lively_model(const Network& network) {
  Model model = initial_model(network, 0);
  Draws draws(1);
  for (const TensorInfo& info : tensor_layout(network)) {
    if (info.is_statistic()) continue;
    const bool is_bias = info.role == TensorRole::bias || info.role == TensorRole::batch_norm_bias;
    const std::vector<float> values =
        is_bias ? draws.uniform(info.size, -0.1f, 0.1f) : draws.uniform(info.size, 0.5f, 1);
    const bool is_weight =
        info.role == TensorRole::convolution_weight || info.role == TensorRole::linear_weight;
    const auto fan_in =
        static_cast<float>(is_weight ? info.size / info.out_channels : std::size_t{1});
    for (std::size_t i = 0; i < info.size; ++i) {
      const bool negative = !is_bias && draws.below(2) == 0;
      model.parameters[info.offset + i] = (negative ? -values[i] : values[i]) / std::sqrt(fan_in);
    }
  }
  return model;
}

inline void expect_numeric_gradients(const Network& network, std::span<const float> images,
                                     int num_threads = 2) {
  const auto batch =
      static_cast<std::uint32_t>(images.size() / network.shape(network.input()).num_values());
  core::ThreadPool pool(num_threads);
  Program program(network, {.max_batch = batch}, pool);
  Model model = lively_model(network);
  const std::vector<float> r = Draws(2).uniform(std::size_t{batch} * network.num_classes(), -1, 1);
  (void)logits_of(program, model, images, Mode::training);
  // Gradients are written, not added: what is there must not matter.
  std::vector<float> gradients(model.parameters.size(), 1e6f);
  program.backward(model, r, gradients);

  const auto loss_at = [&](std::size_t i, float value) {
    Model changed = model;
    changed.parameters[i] = value;
    return linear_loss(logits_of(program, changed, images, Mode::training), r);
  };
  for (const TensorInfo& info : tensor_layout(network)) {
    if (info.is_statistic()) continue;
    double largest = 1;
    for (std::size_t i = 0; i < info.size; ++i) {
      largest = std::max(largest, std::abs(double{gradients[info.offset + i]}));
    }
    for (std::size_t i = 0; i < info.size; i += kEvery) {
      const std::size_t at = info.offset + i;
      const float p = model.parameters[at];
      const double numeric = (loss_at(at, p + kStep) - loss_at(at, p - kStep)) / (2 * kStep);
      EXPECT_NEAR(gradients[at], numeric, kTolerance * largest) << info.name << "[" << i << "]";
    }
  }
}

}  // namespace edgeprune::nn::testing
