#include "depthwise_step.h"

#include "edgeprune/kernels/products.h"

#include "patch.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

// A tile's buffers together stay in a core's second cache.
constexpr std::size_t kCutFloats = std::size_t{1} << 16;

}  // namespace

DepthwiseStep::DepthwiseStep(const Operation& operation, const TensorInfo& weight, Activation* in,
                             Activation* out)
    : operation_(operation), weight_(weight), input_{.activation = in}, out_(out) {}

kernels::DepthwiseGeometry DepthwiseStep::geometry() const {
  return {operation_.kernel.height, operation_.kernel.width, operation_.stride.height,
          operation_.stride.width};
}

DepthwiseStep::Patch DepthwiseStep::input_patch(std::uint32_t row_begin,
                                                std::uint32_t num_rows) const {
  const auto top = static_cast<std::int32_t>(row_begin * operation_.stride.height) -
                   static_cast<std::int32_t>(operation_.padding.height);
  return {top, -static_cast<std::int32_t>(operation_.padding.width),
          (num_rows - 1) * operation_.stride.height + operation_.kernel.height,
          (out_->shape.width - 1) * operation_.stride.width + operation_.kernel.width};
}

// Output rows and columns whose windows reach rows [row_begin, row_begin + num_rows) of the input.
DepthwiseStep::Patch DepthwiseStep::gradient_patch(std::uint32_t row_begin,
                                                   std::uint32_t num_rows) const {
  const Reach rows = reach_of(row_begin, num_rows, operation_.padding.height,
                              operation_.kernel.height, operation_.stride.height);
  const Reach columns = reach_of(0, input_.activation->shape.width, operation_.padding.width,
                                 operation_.kernel.width, operation_.stride.width);
  return {static_cast<std::int32_t>(rows.first), static_cast<std::int32_t>(columns.first),
          rows.count, columns.count};
}

DepthwiseStep::Cut DepthwiseStep::forward_cut() const {
  const std::size_t channels =
      std::min(kernels::panel_columns(), kernels::padded_columns(out_->shape.channels));
  const auto floats = [&](std::uint32_t rows) {
    const Patch patch = input_patch(0, rows);
    return (std::size_t{patch.rows} * patch.columns + std::size_t{rows} * out_->shape.width) *
           channels;
  };
  Cut cut{.rows = out_->shape.height, .channels = channels};
  while (cut.rows > 1 && floats(cut.rows) > kCutFloats) cut.rows = (cut.rows + 1) / 2;
  return cut;
}

DepthwiseStep::Cut DepthwiseStep::backward_cut() const {
  const Shape& in = input_.activation->shape;
  const std::size_t channels =
      std::min(kernels::panel_columns(), kernels::padded_columns(in.channels));
  const auto floats = [&](std::uint32_t rows) {
    const Patch patch = gradient_patch(0, rows);
    return (std::size_t{patch.rows} * patch.columns + 2 * std::size_t{rows} * in.width) * channels;
  };
  Cut cut{.rows = in.height, .channels = channels};
  while (cut.rows > 1 && floats(cut.rows) > kCutFloats) cut.rows = (cut.rows + 1) / 2;
  return cut;
}

ScratchNeeds DepthwiseStep::scratch_needs() const {
  const Cut forward = forward_cut();
  const Cut backward = backward_cut();
  const Patch in = input_patch(0, forward.rows);
  // One row more than tile 0 has: the patch of a later tile may begin inside a stride.
  const Patch gradient = gradient_patch(0, backward.rows);
  const std::size_t input_tile =
      std::size_t{backward.rows} * input_.activation->shape.width * backward.channels;
  const std::size_t padded = kernels::padded_columns(weight_.out_channels);
  return {.input = std::max(std::size_t{in.rows} * in.columns * forward.channels, input_tile),
          .gradient = std::size_t{gradient.rows + 1} * gradient.columns * backward.channels,
          .results = std::max(std::size_t{forward.rows} * out_->shape.width * forward.channels,
                              input_tile),
          .pairs = weight_.kernel_height * weight_.kernel_width * kernels::panel_columns(),
          .weight_gradient = weight_.kernel_height * weight_.kernel_width * padded,
          .sums = weight_.size};
}

// Tiles of one image and some rows follow each other channel by channel; body(tile, next, thread)
// hears which tile comes next on the thread, the same one at the end.
template <typename Body>
void DepthwiseStep::for_tiles(const StepContext& context, const Cut& cut, std::uint32_t rows,
                              Body&& body) const {
  const std::uint32_t strips = (rows + cut.rows - 1) / cut.rows;
  const std::size_t channels = out_->shape.channels;
  const std::size_t blocks = (channels + cut.channels - 1) / cut.channels;
  const auto tile_at = [&](std::size_t index) {
    const std::size_t strip = index / blocks;
    const auto row = static_cast<std::uint32_t>(strip % strips) * cut.rows;
    const std::size_t channel = index % blocks * cut.channels;
    return Tile{.image = static_cast<std::uint32_t>(strip / strips),
                .row_begin = row,
                .row_end = std::min(row + cut.rows, rows),
                .channel = channel,
                .num_channels = std::min(cut.channels, channels - channel)};
  };
  context.pool.for_ranges(std::size_t{context.batch} * strips,
                          [&](std::size_t begin, std::size_t end, int thread) {
                            for (std::size_t i = begin * blocks; i < end * blocks; ++i) {
                              body(tile_at(i), tile_at(std::min(i + 1, end * blocks - 1)), thread);
                            }
                            kernels::finish_streams();
                          });
}

namespace {

// Writes rows [first_row, first_row + rows) and columns likewise of an image of `shape`, zero where
// they lie outside, as pixels of `stride` floats; fill_row(y, to) writes a row's real columns from
// column `from` on.
template <typename FillRow>
void write_patch(const Shape& shape, std::int32_t first_row, std::uint32_t rows,
                 std::int32_t first_column, std::uint32_t columns, std::size_t stride, float* to,
                 FillRow&& fill_row) {
  const auto left = static_cast<std::size_t>(-std::min(first_column, 0));
  const auto from = static_cast<std::size_t>(std::max(first_column, 0));
  const std::size_t count = std::min<std::size_t>(columns - left, shape.width - from);
  const std::size_t right = columns - left - count;
  for (std::uint32_t r = 0; r < rows; ++r, to += columns * stride) {
    const std::int32_t y = first_row + static_cast<std::int32_t>(r);
    if (y < 0 || y >= static_cast<std::int32_t>(shape.height)) {
      std::fill_n(to, columns * stride, 0.0f);
      continue;
    }
    std::fill_n(to, left * stride, 0.0f);
    fill_row(static_cast<std::size_t>(y) * shape.width + from, count, to + left * stride);
    std::fill_n(to + (left + count) * stride, right * stride, 0.0f);
  }
}

}  // namespace

// The input of the next tile, from its first row within the image on.
kernels::PixelFetch DepthwiseStep::fetch_input(const Tile& next) const {
  const Activation& in = *input_.activation;
  const std::size_t element = kernels::size_of(in.type);
  kernels::PixelFetch fetch(in.shape.channels * element, element,
                            std::size_t{operation_.stride.height} * operation_.stride.width);
  const auto row =
      std::max(input_patch(next.row_begin, next.num_rows()).first_row, std::int32_t{0});
  fetch.add(
      in.at(next.image * in.shape.num_pixels() + static_cast<std::size_t>(row) * in.shape.width)
          .at(next.channel)
          .data);
  return fetch;
}

// The input of the next tile and, where they are as large, the output's gradient and values.
kernels::PixelFetch DepthwiseStep::fetch_backward(const Tile& next) const {
  const Activation& in = *input_.activation;
  const std::size_t element = kernels::size_of(in.type);
  kernels::PixelFetch fetch(in.shape.channels * element, element, 1);
  const auto row =
      std::max(gradient_patch(next.row_begin, next.num_rows()).first_row, std::int32_t{0});
  const std::size_t out_pixel =
      next.image * out_->shape.num_pixels() + static_cast<std::size_t>(row) * out_->shape.width;
  const std::size_t in_pixel =
      next.image * in.shape.num_pixels() + std::size_t{next.row_begin} * in.shape.width;
  fetch.add(in.at(in_pixel).at(next.channel).data);
  if (operation_.stride == Extent(1)) {
    fetch.add(out_->gradient_at(out_pixel).at(next.channel).data);
    fetch.add(out_->at(out_pixel).at(next.channel).data);
  }
  return fetch;
}

void DepthwiseStep::forward_tile(const Tile& tile, const Tile& next, const StepContext& context,
                                 const Model& model, int thread) {
  ThreadScratch& scratch = context.of(thread);
  const Activation& in = *input_.activation;
  const std::size_t channels = in.shape.channels;
  const std::size_t stride = kernels::padded_columns(tile.num_channels);
  const Patch patch = input_patch(tile.row_begin, tile.num_rows());
  const auto transform = in.transform().part(tile.channel, tile.num_channels);
  const kernels::ConstElements image = in.at(tile.image * in.shape.num_pixels()).at(tile.channel);
  write_patch(in.shape, patch.first_row, patch.rows, patch.first_column, patch.columns, stride,
              scratch.input.data(), [&](std::size_t pixel, std::size_t count, float* to) {
                kernels::apply_transform(transform, {count, tile.num_channels, channels, stride},
                                         image.at(pixel * channels), to);
              });
  const std::size_t width = out_->shape.width;
  kernels::depthwise_forward(geometry(), padded_weights(model, tile, stride, scratch),
                             scratch.input.data(), patch.columns, stride, tile.num_rows(), width,
                             scratch.results.data(), fetch_input(next));
  const kernels::OutputTarget target = output_target(*out_, {}, context, thread);
  const std::size_t pixels = tile.num_rows() * width;
  const std::size_t first = tile.image * out_->shape.num_pixels() + tile.row_begin * width;
  kernels::finish_output({.results = scratch.results.data(),
                          .num_rows = pixels,
                          .first_channel = tile.channel,
                          .num_channels = tile.num_channels},
                         target, first);
  const bool last = tile.channel + tile.num_channels == channels;
  if (target.moments != nullptr && last) {
    target.moments->count += static_cast<double>(pixels);
  }
}

void DepthwiseStep::forward(const StepContext& context, const Model& model) {
  for_tiles(context, forward_cut(), out_->shape.height,
            [&](const Tile& tile, const Tile& next, int thread) {
              forward_tile(tile, next, context, model, thread);
            });
}

// The tile's weights, rows of whole vectors; they fit the scratch of pairs, which is not in use.
kernels::DepthwiseWeights DepthwiseStep::padded_weights(const Model& model, const Tile& tile,
                                                        std::size_t stride,
                                                        ThreadScratch& scratch) const {
  const float* from = model.parameters.data() + weight_.offset + tile.channel;
  float* to = scratch.pairs.data();
  for (std::size_t tap = 0; tap < geometry().num_taps(); ++tap, to += stride) {
    std::copy_n(from + tap * weight_.out_channels, tile.num_channels, to);
    std::fill(to + tile.num_channels, to + stride, 0.0f);
  }
  return {scratch.pairs.data(), stride};
}

void DepthwiseStep::backward_tile(const Tile& tile, const Tile& next, const StepContext& context,
                                  const Model& model, int thread) {
  ThreadScratch& scratch = context.of(thread);
  const Activation& in = *input_.activation;
  const std::size_t channels = in.shape.channels;
  const std::size_t stride = kernels::padded_columns(tile.num_channels);
  const Patch patch = gradient_patch(tile.row_begin, tile.num_rows());
  const auto transform = out_->transform().part(tile.channel, tile.num_channels);
  const auto slopes = out_->transform_gradient().part(tile.channel, tile.num_channels);
  const std::size_t out_image = tile.image * out_->shape.num_pixels();
  write_patch(out_->shape, patch.first_row, patch.rows, patch.first_column, patch.columns, stride,
              scratch.gradient.data(), [&](std::size_t pixel, std::size_t count, float* to) {
                const std::size_t at = out_image + pixel;
                kernels::transform_gradient(
                    transform, slopes, {count, tile.num_channels, channels, stride},
                    out_->gradient_at(at).at(tile.channel), out_->at(at).at(tile.channel), to);
              });
  const std::size_t pixels = std::size_t{tile.num_rows()} * in.shape.width;
  const std::size_t first = tile.image * in.shape.num_pixels() + tile.row_begin * in.shape.width;
  kernels::apply_transform(in.transform().part(tile.channel, tile.num_channels),
                           {pixels, tile.num_channels, channels, stride},
                           in.at(first).at(tile.channel), scratch.input.data());
  const std::size_t padded = kernels::padded_columns(channels);
  kernels::depthwise_backward(geometry(), padded_weights(model, tile, stride, scratch),
                              {.row_begin = tile.row_begin,
                               .num_rows = tile.num_rows(),
                               .num_columns = in.shape.width,
                               .padding_height = operation_.padding.height,
                               .padding_width = operation_.padding.width,
                               .patch_first_row = patch.first_row,
                               .patch_first_column = patch.first_column,
                               .patch_columns = patch.columns},
                              scratch.gradient.data(), scratch.input.data(), stride,
                              scratch.results.data(), scratch.weight_gradient.data() + tile.channel,
                              padded, fetch_backward(next));
  if (!in.wants_gradient) return;
  kernels::finish_gradient({.results = scratch.results.data(),
                            .num_rows = pixels,
                            .first_channel = tile.channel,
                            .num_channels = tile.num_channels},
                           input_.target(thread), first, 1);
}

// Float sums run over one image at most before they go to doubles.
void DepthwiseStep::add_weight_sums(ThreadScratch& scratch) const {
  const std::size_t channels = weight_.out_channels;
  const std::size_t padded = kernels::padded_columns(channels);
  for (std::size_t tap = 0; tap < geometry().num_taps(); ++tap) {
    float* sums = scratch.weight_gradient.data() + tap * padded;
    for (std::size_t c = 0; c < channels; ++c) {
      scratch.sums[tap * channels + c] += static_cast<double>(sums[c]);
    }
    std::fill_n(sums, padded, 0.0f);
  }
}

void DepthwiseStep::backward(const StepContext& context, const Model& model,
                             std::span<float> gradients) {
  constexpr std::size_t kPixelsPerSum = 512;
  const std::size_t padded = kernels::padded_columns(weight_.out_channels);
  std::vector<std::size_t> summed(context.scratch.size());
  for (ThreadScratch& scratch : context.scratch) {
    std::fill_n(scratch.weight_gradient.data(), geometry().num_taps() * padded, 0.0f);
    std::fill_n(scratch.sums.begin(), weight_.size, 0.0);
  }
  for_tiles(context, backward_cut(), input_.activation->shape.height,
            [&](const Tile& tile, const Tile& next, int thread) {
              backward_tile(tile, next, context, model, thread);
              if (tile.channel + tile.num_channels != weight_.out_channels) return;
              std::size_t& pixels = summed[static_cast<std::size_t>(thread)];
              pixels += std::size_t{tile.num_rows()} * input_.activation->shape.width;
              if (pixels < kPixelsPerSum) return;
              add_weight_sums(context.of(thread));
              pixels = 0;
            });
  for (ThreadScratch& scratch : context.scratch) add_weight_sums(scratch);
  for (std::size_t i = 0; i < weight_.size; ++i) {
    double sum = 0;
    for (const ThreadScratch& scratch : context.scratch) sum += scratch.sums[i];
    gradients[weight_.offset + i] = static_cast<float>(sum);
  }
}

}  // namespace edgeprune::nn
