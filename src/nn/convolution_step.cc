#include "convolution_step.h"

#include "edgeprune/kernels/products.h"

#include <algorithm>

namespace edgeprune::nn {

ConvolutionStep::ConvolutionStep(const Operation& operation, const TensorInfo& weight,
                                 const TensorInfo* bias, Activation* in, Activation* out,
                                 std::uint32_t max_batch, int num_threads)
    : operation_(operation),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{in, false},
      out_(out),
      max_batch_(max_batch),
      num_threads_(static_cast<std::uint32_t>(num_threads)),
      input_offsets_(window_offsets(input_patch(1))),
      gradient_offsets_(window_offsets(gradient_patch(1))),
      packed_forward_(kernels::packed_size(input_offsets_.size(), weight.out_channels)),
      packed_backward_(in->gradient == nullptr
                           ? 0
                           : kernels::packed_size(gradient_offsets_.size(), weight.in_channels)) {}

ConvolutionStep::PatchShape ConvolutionStep::input_patch(std::uint32_t tile_rows) const {
  return {(tile_rows - 1) * operation_.stride + operation_.kernel_height,
          input_.activation->shape.width + 2 * operation_.padding, weight_.in_channels,
          operation_.stride};
}

ConvolutionStep::PatchShape ConvolutionStep::gradient_patch(std::uint32_t tile_rows) const {
  return {tile_rows - 1 + operation_.kernel_height,
          input_.activation->shape.width + operation_.kernel_width - 1, weight_.out_channels, 1};
}

// Enough tiles for every thread, whole images where they are small.
TilePlan ConvolutionStep::output_tiles(std::uint32_t batch) const {
  const Shape& shape = out_->shape;
  return {shape.height, shape.width, input_patch(shape.height).floats(), batch,
          (batch + num_threads_ - 1) / num_threads_};
}

TilePlan ConvolutionStep::input_tiles(std::uint32_t batch) const {
  const Shape& shape = input_.activation->shape;
  return {shape.height, shape.width, gradient_patch(shape.height).floats(), batch,
          (batch + num_threads_ - 1) / num_threads_};
}

std::vector<std::int32_t> ConvolutionStep::window_offsets(const PatchShape& patch) const {
  std::vector<std::int32_t> offsets;
  for (std::uint32_t row = 0; row < operation_.kernel_height; ++row) {
    const std::size_t begin = row * patch.row_floats();
    const std::size_t length = std::size_t{operation_.kernel_width} * patch.channels;
    for (std::size_t i = 0; i < length; ++i)
      offsets.push_back(static_cast<std::int32_t>(begin + i));
  }
  return offsets;
}

ScratchNeeds ConvolutionStep::scratch_needs() const {
  const TilePlan outputs = output_tiles(max_batch_);
  const TilePlan inputs = input_tiles(max_batch_);
  const std::size_t output_patch =
      outputs.images_per_tile() * input_patch(outputs.rows_per_tile()).floats();
  const std::size_t data_patch =
      inputs.images_per_tile() * gradient_patch(inputs.rows_per_tile()).floats();
  const std::size_t output_pixels =
      std::size_t{outputs.images_per_tile()} * outputs.rows_per_tile() * out_->shape.width;
  const std::size_t input_pixels = std::size_t{inputs.images_per_tile()} * inputs.rows_per_tile() *
                                   input_.activation->shape.width;
  const std::size_t padded = kernels::padded_columns(weight_.out_channels);
  return {.patch = std::max(output_patch, data_patch),
          .gradient_rows = output_pixels * padded,
          .weight_gradient = input_offsets_.size() * padded,
          .rows = std::max(output_pixels, input_pixels),
          .sums = weight_.out_channels};
}

void ConvolutionStep::write_input_patch(const Tile& tile, float* patch) const {
  const Activation& in = *input_.activation;
  const PatchShape shape = input_patch(tile.num_rows());
  const std::size_t border = std::size_t{operation_.padding} * shape.channels;
  const auto top =
      static_cast<std::int64_t>(tile.row_begin) * operation_.stride - operation_.padding;
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    const float* pixels = in.values + image * in.shape.num_values();
    for (std::uint32_t row = 0; row < shape.rows; ++row, patch += shape.row_floats()) {
      const std::int64_t y = top + row;
      if (y < 0 || y >= in.shape.height) {
        std::fill_n(patch, shape.row_floats(), 0.0f);
        continue;
      }
      std::fill_n(patch, border, 0.0f);
      kernels::apply_transform(
          in.transform(), pixels + static_cast<std::size_t>(y) * in.shape.width * shape.channels,
          in.shape.width, shape.channels, patch + border, shape.channels);
      std::fill_n(patch + shape.row_floats() - border, border, 0.0f);
    }
  }
}

// The gradient of this step's raw output, its pixels `stride` apart, within zeros. With the kernel
// flipped, a window's row r over input row y begins at spread-out row y + padding - (kernel - 1).
void ConvolutionStep::write_gradient_patch(const Tile& tile, float* patch) const {
  const PatchShape shape = gradient_patch(tile.num_rows());
  const std::size_t row_values = std::size_t{out_->shape.width} * shape.channels;
  const std::size_t left =
      std::size_t{operation_.kernel_width - 1 - operation_.padding} * shape.channels;
  const auto top = static_cast<std::int64_t>(tile.row_begin) + operation_.padding -
                   (operation_.kernel_height - 1);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    const std::size_t begin = image * out_->shape.num_values();
    for (std::uint32_t row = 0; row < shape.rows; ++row, patch += shape.row_floats()) {
      std::fill_n(patch, shape.row_floats(), 0.0f);
      const std::int64_t spread = top + row;
      if (spread < 0 || spread % operation_.stride != 0) continue;
      const auto y = static_cast<std::size_t>(spread / operation_.stride);
      if (y >= out_->shape.height) continue;
      const std::size_t at = begin + y * row_values;
      kernels::transform_gradient(out_->transform(), out_->transform_gradient(),
                                  out_->gradient + at, out_->values + at, out_->shape.width,
                                  shape.channels, patch + left,
                                  std::size_t{operation_.stride} * shape.channels);
    }
  }
}

// The same gradient, a tile's pixels one after the other, as rows of the weight gradient's product.
void ConvolutionStep::write_gradient_rows(const Tile& tile, float* rows) const {
  const std::size_t channels = weight_.out_channels;
  const std::size_t padded = kernels::padded_columns(channels);
  const std::size_t pixels = std::size_t{tile.num_rows()} * out_->shape.width;
  if (padded != channels) std::fill_n(rows, tile.num_images() * pixels * padded, 0.0f);
  for (std::uint32_t image = tile.image_begin; image < tile.image_end; ++image) {
    const std::size_t at = image * out_->shape.num_values() +
                           std::size_t{tile.row_begin} * out_->shape.width * channels;
    kernels::transform_gradient(out_->transform(), out_->transform_gradient(), out_->gradient + at,
                                out_->values + at, pixels, channels, rows, padded);
    rows += pixels * padded;
  }
}

// Fills scratch.rows with the corner of every result pixel's window; returns their number.
std::size_t ConvolutionStep::list_rows(const PatchShape& patch, const Tile& tile,
                                       std::uint32_t columns, ThreadScratch& scratch) {
  std::size_t count = 0;
  const float* image = scratch.patch.data();
  for (std::uint32_t n = 0; n < tile.num_images(); ++n, image += patch.floats()) {
    for (std::uint32_t y = 0; y < tile.num_rows(); ++y) {
      const float* row = image + std::size_t{y} * patch.stride * patch.row_floats();
      for (std::uint32_t x = 0; x < columns; ++x) {
        scratch.rows[count++] = row + std::size_t{x} * patch.stride * patch.channels;
      }
    }
  }
  return count;
}

void ConvolutionStep::pack_forward(const Model& model) {
  kernels::pack_columns(
      {.data = model.parameters.data() + weight_.offset, .row_stride = weight_.out_channels},
      input_offsets_.size(), weight_.out_channels, packed_forward_.data());
}

// Rows are (kernel row, kernel column, out channel) of the flipped kernel, columns in channels.
void ConvolutionStep::pack_backward(const Model& model) {
  const std::size_t taps = std::size_t{weight_.kernel_height} * weight_.kernel_width;
  const std::size_t in = weight_.in_channels;
  const std::size_t out = weight_.out_channels;
  std::vector<float> flipped(weight_.size);
  for (std::size_t tap = 0; tap < taps; ++tap) {
    const float* from = model.parameters.data() + weight_.offset + (taps - 1 - tap) * in * out;
    float* to = flipped.data() + tap * in * out;
    for (std::size_t i = 0; i < in; ++i) {
      for (std::size_t o = 0; o < out; ++o) to[o * in + i] = from[i * out + o];
    }
  }
  kernels::pack_columns({.data = flipped.data(), .row_stride = in}, taps * out, in,
                        packed_backward_.data());
}

void ConvolutionStep::forward_tile(const Tile& tile, const StepContext& context, const Model& model,
                                   int thread) {
  ThreadScratch& scratch = context.scratch[static_cast<std::size_t>(thread)];
  write_input_patch(tile, scratch.patch.data());
  const std::size_t count =
      list_rows(input_patch(tile.num_rows()), tile, out_->shape.width, scratch);
  const std::size_t first_pixel =
      tile.image_begin * out_->shape.num_pixels() + std::size_t{tile.row_begin} * out_->shape.width;
  float* out = out_->writable + first_pixel * weight_.out_channels;
  kernels::gathered_product({std::span(scratch.rows).first(count), input_offsets_},
                            packed_forward_.data(), weight_.out_channels, out, weight_.out_channels,
                            false);
  if (has_bias_) {
    kernels::add_bias(std::span(model.parameters).subspan(bias_offset_, weight_.out_channels), out,
                      count);
  }
  gather_moments(*out_, context, first_pixel, count, thread);
}

void ConvolutionStep::forward(const StepContext& context, Model& model) {
  pack_forward(model);
  reset_moments(*out_, context);
  const TilePlan tiles = output_tiles(context.batch);
  context.pool.for_ranges(tiles.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      forward_tile(tiles.tile(static_cast<std::uint32_t>(i)), context, model, thread);
    }
  });
}

void ConvolutionStep::data_gradient_tile(const Tile& tile, ThreadScratch& scratch) {
  const Activation& in = *input_.activation;
  write_gradient_patch(tile, scratch.patch.data());
  const std::size_t count =
      list_rows(gradient_patch(tile.num_rows()), tile, in.shape.width, scratch);
  const std::size_t first_pixel =
      tile.image_begin * in.shape.num_pixels() + std::size_t{tile.row_begin} * in.shape.width;
  kernels::gathered_product({std::span(scratch.rows).first(count), gradient_offsets_},
                            packed_backward_.data(), weight_.in_channels,
                            in.gradient + first_pixel * weight_.in_channels, weight_.in_channels,
                            input_.accumulate);
}

void ConvolutionStep::weight_gradient_tile(const Tile& tile, ThreadScratch& scratch) {
  write_input_patch(tile, scratch.patch.data());
  write_gradient_rows(tile, scratch.gradient_rows.data());
  const std::size_t count =
      list_rows(input_patch(tile.num_rows()), tile, out_->shape.width, scratch);
  kernels::gathered_outer_product({std::span(scratch.rows).first(count), input_offsets_},
                                  scratch.gradient_rows.data(), weight_.out_channels,
                                  scratch.weight_gradient.data());
  if (has_bias_) {
    kernels::accumulate_sums(scratch.gradient_rows.data(), count,
                             kernels::padded_columns(weight_.out_channels),
                             std::span(scratch.sums).first(weight_.out_channels));
  }
}

void ConvolutionStep::weight_gradient(const StepContext& context, std::span<float> gradients) {
  const std::size_t padded = kernels::padded_columns(weight_.out_channels);
  context.pool.run([&](int thread) {
    ThreadScratch& scratch = context.scratch[static_cast<std::size_t>(thread)];
    std::fill_n(scratch.weight_gradient.data(), input_offsets_.size() * padded, 0.0f);
    std::fill_n(scratch.sums.begin(), weight_.out_channels, 0.0);
  });
  const TilePlan tiles = output_tiles(context.batch);
  context.pool.for_ranges(tiles.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      weight_gradient_tile(tiles.tile(static_cast<std::uint32_t>(i)),
                           context.scratch[static_cast<std::size_t>(thread)]);
    }
  });
  collect_weight_gradient(context, gradients);
}

// Adds the threads' shares in thread order and drops the columns' padding.
void ConvolutionStep::collect_weight_gradient(const StepContext& context,
                                              std::span<float> gradients) const {
  const std::size_t columns = weight_.out_channels;
  const std::size_t padded = kernels::padded_columns(columns);
  for (std::size_t k = 0; k < input_offsets_.size(); ++k) {
    float* to = gradients.data() + weight_.offset + k * columns;
    std::copy_n(context.scratch[0].weight_gradient.data() + k * padded, columns, to);
    for (const ThreadScratch& scratch : context.scratch.subspan(1)) {
      kernels::add_to(scratch.weight_gradient.data() + k * padded, columns, to);
    }
  }
  if (!has_bias_) return;
  for (std::size_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (const ThreadScratch& scratch : context.scratch) sum += scratch.sums[c];
    gradients[bias_offset_ + c] = static_cast<float>(sum);
  }
}

void ConvolutionStep::backward(const StepContext& context, const Model& model,
                               std::span<float> gradients) {
  weight_gradient(context, gradients);
  if (input_.activation->gradient == nullptr) return;
  pack_backward(model);
  const TilePlan tiles = input_tiles(context.batch);
  context.pool.for_ranges(tiles.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      data_gradient_tile(tiles.tile(static_cast<std::uint32_t>(i)),
                         context.scratch[static_cast<std::size_t>(thread)]);
    }
  });
}

}  // namespace edgeprune::nn
