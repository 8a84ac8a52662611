#include "convolution_step.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

using kernels::ConstElements;
using kernels::Elements;
using kernels::ElementType;

// Zeros behind the last patch: a bfloat16 segment of odd length reads one element beyond its end.
constexpr std::size_t kBeyond = 1;

}  // namespace

ConvolutionStep::ConvolutionStep(const Operation& operation, const TensorInfo& weight,
                                 const TensorInfo* bias, Activation* in, Activation* out,
                                 ElementType products, std::uint32_t max_batch, int num_threads)
    : operation_(operation),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{.activation = in},
      out_(out),
      type_(products),
      max_batch_(max_batch),
      num_threads_(static_cast<std::uint32_t>(num_threads)),
      packed_forward_(type_, weight.kernel_height,
                      std::size_t{weight.kernel_width} * weight.in_channels, weight.out_channels),
      classes_(stride_classes()),
      weight_gradient_(type_, weight.kernel_height,
                       std::size_t{weight.kernel_width} * weight.in_channels, weight.out_channels) {
}

std::vector<ConvolutionStep::StrideClass> ConvolutionStep::stride_classes() const {
  const auto taps = [](std::uint32_t kernel, std::uint32_t stride, std::uint32_t rest) {
    return kernel > rest ? (kernel - rest + stride - 1) / stride : 0;
  };
  // A stride beyond the image has classes without pixels: none of those.
  const Shape& in = input_.activation->shape;
  const std::uint32_t num_rows =
      std::min(operation_.stride.height, in.height + operation_.padding.height);
  const std::uint32_t num_columns =
      std::min(operation_.stride.width, in.width + operation_.padding.width);
  std::vector<StrideClass> classes;
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (std::uint32_t column = 0; column < num_columns; ++column) {
      const std::uint32_t row_taps = taps(operation_.kernel.height, operation_.stride.height, row);
      const std::uint32_t column_taps =
          taps(operation_.kernel.width, operation_.stride.width, column);
      classes.push_back(
          {row, column, row_taps, column_taps, taps_of(row, column, row_taps, column_taps),
           PackedMatrix(type_, row_taps, std::size_t{column_taps} * weight_.out_channels,
                        weight_.in_channels)});
    }
  }
  return classes;
}

std::vector<std::size_t> ConvolutionStep::taps_of(std::uint32_t row, std::uint32_t column,
                                                  std::uint32_t row_taps,
                                                  std::uint32_t column_taps) const {
  std::vector<std::size_t> offsets;
  for (std::uint32_t r = row_taps; r-- > 0;) {
    for (std::uint32_t q = column_taps; q-- > 0;) {
      const std::size_t y = row + std::size_t{r} * operation_.stride.height;
      const std::size_t x = column + std::size_t{q} * operation_.stride.width;
      offsets.push_back((y * weight_.kernel_width + x) * weight_.in_channels *
                        weight_.out_channels);
    }
  }
  return offsets;
}

Patch ConvolutionStep::input_patch(std::uint32_t row_begin, std::uint32_t num_rows) const {
  return patch_of_windows(operation_, out_->shape, row_begin, num_rows, weight_.in_channels);
}

Patch ConvolutionStep::gradient_patch(std::uint32_t row_begin, std::uint32_t num_rows) const {
  return patch_of_reach(operation_, input_.activation->shape, row_begin, num_rows,
                        weight_.out_channels);
}

// Values of the products' type, in floats.
std::size_t ConvolutionStep::floats_of(std::size_t values) const {
  return (values * kernels::size_of(type_) + sizeof(float) - 1) / sizeof(float);
}

// Enough tiles for every thread, whole images where they are small.
TilePlan ConvolutionStep::output_tiles(std::uint32_t batch) const {
  const Shape& shape = out_->shape;
  return {shape.height, shape.width, floats_of(input_patch(0, shape.height).values()), batch,
          (batch + num_threads_ - 1) / num_threads_};
}

TilePlan ConvolutionStep::input_tiles(std::uint32_t batch) const {
  const Shape& shape = input_.activation->shape;
  return {shape.height, shape.width, floats_of(gradient_patch(0, shape.height).values()), batch,
          (batch + num_threads_ - 1) / num_threads_};
}

Step::Access ConvolutionStep::access() const {
  return {.num_parameters = parameters_of(weight_, has_bias_),
          .backward_reads_inputs = true,
          .one_pass_for_each_kind = true};
}

ScratchNeeds ConvolutionStep::scratch_needs() const {
  const TilePlan outputs = output_tiles(max_batch_);
  const TilePlan inputs = input_tiles(max_batch_);
  const std::size_t output_pixels =
      std::size_t{outputs.images_per_tile()} * outputs.rows_per_tile() * out_->shape.width;
  const std::size_t input_pixels = std::size_t{inputs.images_per_tile()} * inputs.rows_per_tile() *
                                   input_.activation->shape.width;
  const std::size_t max_pixels = std::max(output_pixels, input_pixels);
  // The patch of a later tile may begin inside a stride and take a row more; a bfloat16 segment of
  // odd length reads one element beyond.
  Patch gradient = gradient_patch(0, inputs.rows_per_tile());
  gradient.rows += 1;
  ScratchNeeds needs = weight_gradient_.scratch_needs(output_pixels);
  needs.input = outputs.images_per_tile() * input_patch(0, outputs.rows_per_tile()).values() + 1;
  needs.gradient = std::max(inputs.images_per_tile() * gradient.values() + 1,
                            output_pixels * weight_gradient_.gradient_stride());
  needs.results = max_pixels * kernels::panel_columns();
  needs.rows += max_pixels;
  needs.sums = weight_.out_channels;
  for (const StrideClass& stride_class : classes_) {
    needs.packed += stride_class.packed.size_floats();
  }
  needs.packed = std::max(needs.packed, packed_forward_.size_floats());
  return needs;
}

void ConvolutionStep::write_input_patch(const Tile& tile, const Patch& patch,
                                        ThreadScratch& scratch) const {
  Elements to(scratch.input.data(), type_);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    write_values(*input_.activation, image, patch, to);
    to = to.at(patch.values());
  }
  fill_zeros(to, kBeyond);
}

void ConvolutionStep::write_gradient_patch(const Tile& tile, const Patch& patch,
                                           ThreadScratch& scratch) const {
  Elements to(scratch.gradient.data(), type_);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    write_gradient(*out_, image, patch, to);
    to = to.at(patch.values());
  }
  fill_zeros(to, kBeyond);
}

// The same gradient, a tile's pixels one after the other, as rows of the weight gradient's product.
void ConvolutionStep::write_gradient_rows(const Tile& tile, ThreadScratch& scratch) const {
  const std::size_t channels = weight_.out_channels;
  const std::size_t stride = weight_gradient_.gradient_stride();
  const std::size_t pixels = std::size_t{tile.num_rows()} * out_->shape.width;
  Elements to(scratch.gradient.data(), type_);
  if (stride != channels) fill_zeros(to, tile.num_images() * pixels * stride);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    const std::size_t at =
        image * out_->shape.num_pixels() + std::size_t{tile.row_begin} * out_->shape.width;
    kernels::transform_gradient(out_->transform(), out_->transform_gradient(),
                                {pixels, channels, channels, stride}, out_->gradient_at(at),
                                out_->at(at), to);
    to = to.at(pixels * stride);
  }
}

// The corners of the windows of all the tile's output pixels.
std::span<const void* const> ConvolutionStep::window_rows(const Tile& tile, const Patch& patch,
                                                          ThreadScratch& scratch) const {
  std::size_t count = 0;
  ConstElements image(scratch.input.data(), type_);
  for (std::uint32_t n = 0; n < tile.num_images(); ++n, image = image.at(patch.values())) {
    for (std::uint32_t y = 0; y < tile.num_rows(); ++y) {
      const ConstElements row = image.at(y * operation_.stride.height * patch.row_values());
      for (std::uint32_t x = 0; x < out_->shape.width; ++x) {
        scratch.rows[count++] =
            row.at(std::size_t{x} * operation_.stride.width * patch.channels).data;
      }
    }
  }
  return std::span(scratch.rows).first(count);
}

void ConvolutionStep::forward_tile(const Tile& tile, const StepContext& context, const Model& model,
                                   int thread) {
  ThreadScratch& scratch = context.of(thread);
  const Patch patch = input_patch(tile.row_begin, tile.num_rows());
  write_input_patch(tile, patch, scratch);
  const auto rows = window_rows(tile, patch, scratch);
  const std::size_t first =
      tile.image_begin * out_->shape.num_pixels() + std::size_t{tile.row_begin} * out_->shape.width;
  const auto bias = has_bias_
                        ? std::span(model.parameters).subspan(bias_offset_, weight_.out_channels)
                        : std::span<const float>();
  const kernels::OutputTarget target = output_target(*out_, bias, context, thread);
  kernels::ReadAhead nothing;
  packed_forward_.multiply(
      {rows, patch.row_values()}, scratch.results.data(), nothing,
      [&](const kernels::ResultPanel& panel) { finish_output(panel, target, first); });
  if (target.moments != nullptr) target.moments->count += static_cast<double>(rows.size());
}

void ConvolutionStep::forward(const StepContext& context, const Model& model) {
  packed_forward_.pack(
      {.data = model.parameters.data() + weight_.offset, .row_stride = weight_.out_channels},
      context.pool, context.packed);
  const TilePlan tiles = output_tiles(context.batch);
  context.pool.for_ranges(tiles.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      forward_tile(tiles.tile(static_cast<std::uint32_t>(i)), context, model, thread);
    }
    kernels::finish_streams();
  });
}

void ConvolutionStep::weight_gradient_tile(const Tile& tile, ThreadScratch& scratch) {
  const Patch patch = input_patch(tile.row_begin, tile.num_rows());
  write_input_patch(tile, patch, scratch);
  write_gradient_rows(tile, scratch);
  const auto rows = window_rows(tile, patch, scratch);
  kernels::ReadAhead nothing;
  weight_gradient_.add_tile({rows, patch.row_values()}, scratch, nothing);
  if (!has_bias_) return;
  kernels::accumulate_sums(ConstElements(scratch.gradient.data(), type_), rows.size(),
                           weight_gradient_.gradient_stride(),
                           std::span(scratch.sums).first(weight_.out_channels));
}

void ConvolutionStep::weight_gradient(const StepContext& context, std::span<float> gradients) {
  weight_gradient_.reset(context);
  reset_sums(context, weight_.out_channels);
  const TilePlan tiles = output_tiles(context.batch);
  context.pool.for_ranges(tiles.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      weight_gradient_tile(tiles.tile(static_cast<std::uint32_t>(i)), context.of(thread));
    }
  });
  weight_gradient_.collect(context, gradients.subspan(weight_.offset, weight_.size));
  if (has_bias_) collect_sums(context, gradients.subspan(bias_offset_, weight_.out_channels));
}

// The gradient of one class of a tile's pixels. With u = (y + padding - row) / stride, input row y
// meets output rows u - row_taps + 1 .. u, and likewise for columns.
void ConvolutionStep::class_gradient(const StrideClass& stride_class, const Tile& tile,
                                     const Patch& patch, ThreadScratch& scratch,
                                     const kernels::GradientTarget& target) const {
  const Shape& shape = input_.activation->shape;
  const Extent& stride = operation_.stride;
  const auto first_of = [](std::uint32_t begin, std::uint32_t padding, std::uint32_t step,
                           std::uint32_t rest) {
    return begin + (rest + step - (begin + padding) % step) % step;
  };
  const std::uint32_t x0 = first_of(0, operation_.padding.width, stride.width, stride_class.column);
  const std::uint32_t y0 =
      first_of(tile.row_begin, operation_.padding.height, stride.height, stride_class.row);
  std::size_t count = 0;
  std::size_t per_row = 0;
  ConstElements image(scratch.gradient.data(), type_);
  for (std::uint32_t n = 0; n < tile.num_images(); ++n, image = image.at(patch.values())) {
    for (std::uint32_t y = y0; y < tile.row_end; y += stride.height) {
      const std::int64_t u =
          (std::int64_t{y} + operation_.padding.height - stride_class.row) / stride.height;
      const auto row = static_cast<std::size_t>(u - stride_class.row_taps + 1 - patch.first_row);
      const std::size_t before = count;
      for (std::uint32_t x = x0; x < shape.width; x += stride.width) {
        const std::int64_t v =
            (std::int64_t{x} + operation_.padding.width - stride_class.column) / stride.width;
        const auto column =
            static_cast<std::size_t>(v - stride_class.column_taps + 1 - patch.first_column);
        scratch.rows[count++] = image.at(row * patch.row_values() + column * patch.channels).data;
      }
      per_row = count - before;
    }
  }
  if (count == 0) return;
  const auto finish = [&](const kernels::ResultPanel& panel) {
    const std::size_t first_image = tile.image_begin * shape.num_pixels();
    if (stride == Extent(1)) {
      return kernels::finish_gradient(panel, target, first_image + std::size_t{y0} * shape.width,
                                      1);
    }
    kernels::ResultPanel line = panel;
    line.num_rows = per_row;
    for (std::uint32_t n = 0; n < tile.num_images(); ++n) {
      for (std::uint32_t y = y0; y < tile.row_end; y += stride.height) {
        const std::size_t pixel =
            first_image + n * shape.num_pixels() + std::size_t{y} * shape.width + x0;
        kernels::finish_gradient(line, target, pixel, stride.width);
        line.results += per_row * kernels::padded_columns(panel.num_channels);
      }
    }
  };
  kernels::ReadAhead nothing;
  stride_class.packed.multiply({std::span(scratch.rows).first(count), patch.row_values()},
                               scratch.results.data(), nothing, finish);
}

void ConvolutionStep::data_gradient_tile(const Tile& tile, ThreadScratch& scratch, int thread) {
  const Patch patch = gradient_patch(tile.row_begin, tile.num_rows());
  write_gradient_patch(tile, patch, scratch);
  const kernels::GradientTarget target = input_.target(thread);
  for (const StrideClass& stride_class : classes_) {
    class_gradient(stride_class, tile, patch, scratch, target);
  }
}

void ConvolutionStep::data_gradient(const StepContext& context, const Model& model) {
  float* memory = context.packed;
  for (StrideClass& stride_class : classes_) {
    stride_class.packed.pack({.data = model.parameters.data() + weight_.offset,
                              .row_stride = 1,
                              .column_stride = weight_.out_channels,
                              .block_rows = weight_.out_channels,
                              .blocks = stride_class.taps},
                             context.pool, memory);
    memory += stride_class.packed.size_floats();
  }
  const TilePlan tiles = input_tiles(context.batch);
  context.pool.for_ranges(tiles.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      data_gradient_tile(tiles.tile(static_cast<std::uint32_t>(i)), context.of(thread), thread);
    }
    kernels::finish_streams();
  });
}

void ConvolutionStep::backward(const StepContext& context, const Model& model,
                               std::span<float> gradients) {
  weight_gradient(context, gradients);
  if (input_.activation->wants_gradient) data_gradient(context, model);
}

}  // namespace edgeprune::nn
