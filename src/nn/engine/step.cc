#include "step.h"

#include <algorithm>

namespace edgeprune::nn {

kernels::GradientTarget Step::Input::target(std::size_t task) const {
  Activation& in = *activation;
  return {.transform = in.transform(),
          .x = in.at(0),
          .dz = {in.gradient, in.type},
          .channels = in.shape.channels,
          .accumulate = accumulate,
          .sums = completes && !in.gradient_sums.empty() ? &in.gradient_sums[task] : nullptr,
          .stream = in.stream && !accumulate};
}

namespace {
kernels::ChannelMoments* moments_of(Activation& activation, const StepContext& context,
                                    std::size_t task) {
  if (activation.moments.empty() || context.mode == Mode::evaluation || context.recompute) {
    return nullptr;
  }
  return &activation.moments[task];
}
}  // namespace

kernels::OutputTarget output_target(Activation& activation, std::span<const float> bias,
                                    const StepContext& context, std::size_t task) {
  return {.out = activation.writable_at(0),
          .channels = activation.shape.channels,
          .bias = bias,
          .moments = moments_of(activation, context, task),
          .stream = activation.stream};
}

void gather_moments(Activation& activation, const StepContext& context, std::size_t first_pixel,
                    std::size_t num_pixels, std::size_t task) {
  kernels::ChannelMoments* moments = moments_of(activation, context, task);
  if (moments == nullptr) return;
  kernels::accumulate_moments(activation.at(first_pixel), num_pixels, *moments);
}

void reset_sums(const StepContext& context, std::size_t num_tasks, std::size_t count) {
  for (std::size_t t = 0; t < num_tasks; ++t) {
    std::fill_n(context.shared.sums[t].begin(), count, 0.0);
  }
}

void collect_sums(const StepContext& context, std::size_t num_tasks, std::span<float> gradient) {
  constexpr std::size_t kGrain = 1024;  // sums that are worth a thread
  context.pool.for_tasks(core::cut_into_tasks(gradient.size(), kGrain),
                         [&](const core::Task& task) {
                           for (std::size_t c = task.begin; c < task.end; ++c) {
                             double sum = 0;
                             for (std::size_t t = 0; t < num_tasks; ++t)
                               sum += context.shared.sums[t][c];
                             gradient[c] = static_cast<float>(sum);
                           }
                         });
}

}  // namespace edgeprune::nn
