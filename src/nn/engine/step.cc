#include "step.h"

#include <algorithm>

namespace edgeprune::nn {

kernels::GradientTarget Step::Input::target(int thread) const {
  Activation& in = *activation;
  return {.transform = in.transform(),
          .x = in.at(0),
          .dz = {in.gradient, in.type},
          .channels = in.shape.channels,
          .accumulate = accumulate,
          .sums = completes && !in.gradient_sums.empty()
                      ? &in.gradient_sums[static_cast<std::size_t>(thread)]
                      : nullptr,
          .stream = in.stream && !accumulate};
}

namespace {
kernels::ChannelMoments* moments_of(Activation& activation, const StepContext& context,
                                    int thread) {
  if (activation.moments.empty() || context.mode == Mode::evaluation || context.recompute) {
    return nullptr;
  }
  return &activation.moments[static_cast<std::size_t>(thread)];
}
}  // namespace

kernels::OutputTarget output_target(Activation& activation, std::span<const float> bias,
                                    const StepContext& context, int thread) {
  return {.out = activation.writable_at(0),
          .channels = activation.shape.channels,
          .bias = bias,
          .moments = moments_of(activation, context, thread),
          .stream = activation.stream};
}

void gather_moments(Activation& activation, const StepContext& context, std::size_t first_pixel,
                    std::size_t num_pixels, int thread) {
  kernels::ChannelMoments* moments = moments_of(activation, context, thread);
  if (moments == nullptr) return;
  kernels::accumulate_moments(activation.at(first_pixel), num_pixels, *moments);
}

void reset_sums(const StepContext& context, std::size_t count) {
  for (ThreadScratch& scratch : context.scratch) std::fill_n(scratch.sums.begin(), count, 0.0);
}

void collect_sums(const StepContext& context, std::span<float> gradient) {
  for (std::size_t c = 0; c < gradient.size(); ++c) {
    double sum = 0;
    for (const ThreadScratch& scratch : context.scratch) sum += scratch.sums[c];
    gradient[c] = static_cast<float>(sum);
  }
}

}  // namespace edgeprune::nn
