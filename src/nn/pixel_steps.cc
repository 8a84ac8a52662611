#include "pixel_steps.h"

#include "edgeprune/kernels/pooling.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

kernels::PoolShape pool_shape(const MaxPoolOptions& options, const Shape& in) {
  return {in.height, in.width, in.channels, options.window, options.stride, options.padding};
}

// The gradient of a step's raw output for pixels [begin, end), which its readers' gradients of the
// transformed value imply, written to or added to `to`, which points to the first of those pixels.
void pass_gradient(const Activation& out, std::size_t begin, std::size_t end, bool accumulate,
                   float* to) {
  const std::size_t channels = out.shape.channels;
  const float* g = out.gradient + begin * channels;
  const float* x = out.values + begin * channels;
  if (!accumulate) {
    kernels::transform_gradient(out.transform(), out.transform_gradient(), g, x, end - begin,
                                channels, to, channels);
    return;
  }
  std::vector<float> pixel(channels);
  for (std::size_t at = 0; at < (end - begin) * channels; at += channels) {
    kernels::transform_gradient(out.transform(), out.transform_gradient(), g + at, x + at, 1,
                                channels, pixel.data(), channels);
    kernels::add_to(pixel.data(), channels, to + at);
  }
}

}  // namespace

void gather_moments(Activation& activation, const StepContext& context, std::size_t first_pixel,
                    std::size_t num_pixels, int thread) {
  if (activation.moments.empty() || context.mode == Mode::evaluation) return;
  kernels::accumulate_moments(activation.values + first_pixel * activation.shape.channels,
                              num_pixels, activation.moments[static_cast<std::size_t>(thread)]);
}

void reset_moments(Activation& activation, const StepContext& context) {
  if (context.mode == Mode::evaluation) return;
  for (kernels::ChannelMoments& moments : activation.moments) {
    moments.reset(activation.shape.channels);
  }
}

void MaxPoolStep::forward(const StepContext& context, Model&) {
  const Activation& in = *input_.activation;
  const auto shape = pool_shape(options_, in.shape);
  context.pool.for_ranges(context.batch, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t n = begin; n < end; ++n) {
      kernels::max_pool(shape, in.transform(), in.values + n * in.shape.num_values(),
                        out_->writable + n * out_->shape.num_values());
    }
  });
}

void MaxPoolStep::backward(const StepContext& context, const Model&, std::span<float>) {
  const Activation& in = *input_.activation;
  if (in.gradient == nullptr) return;
  const auto shape = pool_shape(options_, in.shape);
  context.pool.for_ranges(context.batch, [&](std::size_t begin, std::size_t end, int) {
    std::vector<float> plain(out_->shape.num_values());
    for (std::size_t n = begin; n < end; ++n) {
      const std::size_t at = n * in.shape.num_values();
      const std::size_t pixel = n * out_->shape.num_pixels();
      pass_gradient(*out_, pixel, pixel + out_->shape.num_pixels(), false, plain.data());
      if (!input_.accumulate) std::fill_n(in.gradient + at, in.shape.num_values(), 0.0f);
      kernels::max_pool_gradient(shape, in.transform(), in.values + at,
                                 out_->values + pixel * out_->shape.channels, plain.data(),
                                 in.gradient + at);
    }
  });
}

void AveragePoolStep::forward(const StepContext& context, Model&) {
  const Activation& in = *input_.activation;
  context.pool.for_ranges(context.batch, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t n = begin; n < end; ++n) {
      kernels::average_pixels(in.transform(), in.values + n * in.shape.num_values(),
                              in.shape.num_pixels(), in.shape.channels,
                              out_->writable + n * out_->shape.channels);
    }
  });
}

void AveragePoolStep::backward(const StepContext& context, const Model&, std::span<float>) {
  const Activation& in = *input_.activation;
  if (in.gradient == nullptr) return;
  const std::size_t channels = in.shape.channels;
  const auto pixels = static_cast<float>(in.shape.num_pixels());
  context.pool.for_ranges(context.batch, [&](std::size_t begin, std::size_t end, int) {
    std::vector<float> share(channels);
    for (std::size_t n = begin; n < end; ++n) {
      kernels::transform_gradient(out_->transform(), out_->transform_gradient(),
                                  out_->gradient + n * channels, out_->values + n * channels, 1,
                                  channels, share.data(), channels);
      for (float& value : share) value /= pixels;
      float* g = in.gradient + n * in.shape.num_values();
      for (std::size_t p = 0; p < in.shape.num_pixels(); ++p, g += channels) {
        if (input_.accumulate) {
          kernels::add_to(share.data(), channels, g);
        } else {
          std::copy(share.begin(), share.end(), g);
        }
      }
    }
  });
}

void AddStep::forward(const StepContext& context, Model&) {
  const Activation& a = *inputs_[0].activation;
  const Activation& b = *inputs_[1].activation;
  const std::size_t channels = out_->shape.channels;
  context.pool.for_ranges(
      context.batch * out_->shape.num_pixels(), [&](std::size_t begin, std::size_t end, int) {
        kernels::add_transformed(a.transform(), a.values + begin * channels, b.transform(),
                                 b.values + begin * channels, end - begin, channels,
                                 out_->writable + begin * channels);
      });
}

void AddStep::backward(const StepContext& context, const Model&, std::span<float>) {
  context.pool.for_ranges(
      context.batch * out_->shape.num_pixels(), [&](std::size_t begin, std::size_t end, int) {
        const std::size_t at = begin * out_->shape.channels;
        for (const Input& input : inputs_) {
          if (input.activation->gradient == nullptr) continue;
          pass_gradient(*out_, begin, end, input.accumulate, input.activation->gradient + at);
        }
      });
}

void MaterialiseStep::forward(const StepContext& context, Model&) {
  const Activation& in = *input_.activation;
  const std::size_t channels = in.shape.channels;
  reset_moments(*out_, context);
  context.pool.for_ranges(
      context.batch * in.shape.num_pixels(), [&](std::size_t begin, std::size_t end, int thread) {
        kernels::apply_transform(in.transform(), in.values + begin * channels, end - begin,
                                 channels, out_->writable + begin * channels, channels);
        gather_moments(*out_, context, begin, end - begin, thread);
      });
}

void MaterialiseStep::backward(const StepContext& context, const Model&, std::span<float>) {
  if (input_.activation->gradient == nullptr) return;
  context.pool.for_ranges(
      context.batch * out_->shape.num_pixels(), [&](std::size_t begin, std::size_t end, int) {
        const std::size_t at = begin * out_->shape.channels;
        pass_gradient(*out_, begin, end, input_.accumulate, input_.activation->gradient + at);
      });
}

}  // namespace edgeprune::nn
