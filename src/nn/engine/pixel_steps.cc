#include "pixel_steps.h"

#include "edgeprune/kernels/pooling.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

// Pixels worked on at a time, so that what one loop wrote is in cache for the next.
constexpr std::size_t kPixels = 64;

// Tasks of some microseconds: of so many values, in whole stretches.
core::TaskCut cut_pixels(std::size_t pixels, std::size_t channels) {
  return core::cut_into_tasks(pixels, std::max(kPixels, kValuesPerTask / channels));
}
core::TaskCut cut_images(std::size_t batch, const Shape& shape) {
  return core::cut_into_tasks(batch, kValuesPerTask / shape.num_values() + 1);
}

kernels::PoolShape pool_shape(const MaxPoolOptions& options, const Shape& in) {
  return {.height = in.height,
          .width = in.width,
          .channels = in.channels,
          .window_height = options.window.height,
          .window_width = options.window.width,
          .stride_height = options.stride.height,
          .stride_width = options.stride.width,
          .padding_height = options.padding.height,
          .padding_width = options.padding.width};
}

// The gradient of what a step wrote, in floats, for pixels [pixel, pixel + count).
void plain_gradient(const Activation& out, std::size_t pixel, std::size_t count, float* to) {
  const std::size_t channels = out.shape.channels;
  kernels::transform_gradient(out.transform(), out.transform_gradient(),
                              {count, channels, channels, channels}, out.gradient_at(pixel),
                              out.at(pixel), to);
}

// Calls body(first, count) for short stretches of [begin, end).
template <typename Body>
void for_stretches(std::size_t begin, std::size_t end, Body&& body) {
  for (std::size_t p = begin; p < end; p += kPixels) body(p, std::min(kPixels, end - p));
}

}  // namespace

void MaxPoolStep::forward(const StepContext& context, const Model&) {
  const Activation& in = *input_.activation;
  const auto shape = pool_shape(options_, in.shape);
  context.pool.for_tasks(cut_images(context.batch, in.shape), [&](const core::Task& task) {
    for (std::size_t n = task.begin; n < task.end; ++n) {
      kernels::max_pool(shape, in.transform(), in.at(n * in.shape.num_pixels()),
                        out_->writable_at(n * out_->shape.num_pixels()));
    }
  });
}

ScratchNeeds MaxPoolStep::scratch_needs() const {
  return {.gradient = out_->shape.num_values(), .results = input_.activation->shape.num_values()};
}

void MaxPoolStep::backward(const StepContext& context, const Model&, std::span<float>) {
  const Activation& in = *input_.activation;
  if (!in.wants_gradient) return;
  const auto shape = pool_shape(options_, in.shape);
  const core::TaskCut cut = cut_images(context.batch, in.shape);
  input_.expect_tasks(cut.num_tasks);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    ThreadScratch& scratch = context.of(task);
    for (std::size_t n = task.begin; n < task.end; ++n) {
      const std::size_t first = n * in.shape.num_pixels();
      const std::size_t out_first = n * out_->shape.num_pixels();
      plain_gradient(*out_, out_first, out_->shape.num_pixels(), scratch.gradient.data());
      std::fill_n(scratch.results.data(), in.shape.num_values(), 0.0f);
      kernels::max_pool_gradient(shape, in.transform(), in.at(first), out_->at(out_first),
                                 scratch.gradient.data(), scratch.results.data());
      kernels::finish_gradient(scratch.results.data(), in.shape.num_pixels(),
                               input_.target(task.index), first);
    }
    kernels::finish_streams();
  });
}

void AveragePoolStep::forward(const StepContext& context, const Model&) {
  const Activation& in = *input_.activation;
  context.pool.for_tasks(cut_images(context.batch, in.shape), [&](const core::Task& task) {
    for (std::size_t n = task.begin; n < task.end; ++n) {
      kernels::average_pixels(in.transform(), in.at(n * in.shape.num_pixels()),
                              in.shape.num_pixels(), in.shape.channels,
                              static_cast<float*>(out_->writable_at(n).data));
    }
  });
}

ScratchNeeds AveragePoolStep::scratch_needs() const {
  return {.gradient = out_->shape.channels, .results = kPixels * out_->shape.channels};
}

void AveragePoolStep::backward(const StepContext& context, const Model&, std::span<float>) {
  const Activation& in = *input_.activation;
  if (!in.wants_gradient) return;
  const std::size_t channels = in.shape.channels;
  const std::size_t pixels = in.shape.num_pixels();
  const core::TaskCut cut = cut_images(context.batch, in.shape);
  input_.expect_tasks(cut.num_tasks);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    float* share = context.of(task).gradient.data();
    float* shares = context.of(task).results.data();
    for (std::size_t n = task.begin; n < task.end; ++n) {
      plain_gradient(*out_, n, 1, share);
      for (std::size_t c = 0; c < channels; ++c) share[c] /= static_cast<float>(pixels);
      for (std::size_t p = 0; p < std::min(pixels, kPixels); ++p) {
        std::copy_n(share, channels, shares + p * channels);
      }
      for_stretches(0, pixels, [&](std::size_t first, std::size_t count) {
        kernels::finish_gradient(shares, count, input_.target(task.index), n * pixels + first);
      });
    }
    kernels::finish_streams();
  });
}

void AddStep::forward(const StepContext& context, const Model&) {
  const Activation& a = *inputs_[0].activation;
  const Activation& b = *inputs_[1].activation;
  context.pool.for_tasks(
      cut_pixels(context.batch * out_->shape.num_pixels(), out_->shape.channels),
      [&](const core::Task& task) {
        for_stretches(task.begin, task.end, [&](std::size_t first, std::size_t count) {
          kernels::add_transformed(a.transform(), a.at(first), b.transform(), b.at(first), count,
                                   out_->shape.channels, out_->writable_at(first));
        });
      });
}

// The sum itself is never normalised (its batch norm reads a materialised copy), so that its
// gradient is what its readers stored.
void AddStep::backward(const StepContext& context, const Model&, std::span<float>) {
  const core::TaskCut cut =
      cut_pixels(context.batch * out_->shape.num_pixels(), out_->shape.channels);
  for (const Input& input : inputs_) input.expect_tasks(cut.num_tasks);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    for_stretches(task.begin, task.end, [&](std::size_t first, std::size_t count) {
      for (const Input& input : inputs_) {
        if (!input.activation->wants_gradient) continue;
        kernels::finish_gradient(out_->gradient_at(first), count, input.target(task.index), first);
      }
    });
    kernels::finish_streams();
  });
}

void MaterialiseStep::forward(const StepContext& context, const Model&) {
  const Activation& in = *input_.activation;
  const std::size_t channels = in.shape.channels;
  context.pool.for_tasks(
      cut_pixels(context.batch * in.shape.num_pixels(), in.shape.channels),
      [&](const core::Task& task) {
        for_stretches(task.begin, task.end, [&](std::size_t first, std::size_t count) {
          kernels::apply_transform(in.transform(), {count, channels, channels, channels},
                                   in.at(first), out_->writable_at(first));
          gather_moments(*out_, context, first, count, task.index);
        });
      });
}

ScratchNeeds MaterialiseStep::scratch_needs() const {
  return {.gradient = kPixels * out_->shape.channels};
}

void MaterialiseStep::backward(const StepContext& context, const Model&, std::span<float>) {
  if (!input_.activation->wants_gradient) return;
  const core::TaskCut cut =
      cut_pixels(context.batch * out_->shape.num_pixels(), out_->shape.channels);
  input_.expect_tasks(cut.num_tasks);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    float* plain = context.of(task).gradient.data();
    for_stretches(task.begin, task.end, [&](std::size_t first, std::size_t count) {
      plain_gradient(*out_, first, count, plain);
      kernels::finish_gradient(plain, count, input_.target(task.index), first);
    });
    kernels::finish_streams();
  });
}

}  // namespace edgeprune::nn
