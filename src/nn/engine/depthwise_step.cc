#include "depthwise_step.h"

#include "edgeprune/kernels/products.h"

#include <algorithm>
#include <array>

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

Patch DepthwiseStep::input_patch(std::uint32_t row_begin, std::uint32_t num_rows,
                                 std::uint32_t channels) const {
  return patch_of_windows(operation_, out_->shape, row_begin, num_rows, channels);
}

Patch DepthwiseStep::gradient_patch(std::uint32_t row_begin, std::uint32_t num_rows,
                                    std::uint32_t channels) const {
  return patch_of_reach(operation_, input_.activation->shape, row_begin, num_rows, channels);
}

Patch DepthwiseStep::input_patch(const Tile& tile) const {
  const auto channels = static_cast<std::uint32_t>(kernels::padded_columns(tile.num_channels));
  const Patch patch = input_patch(tile.row_begin, tile.num_rows(), channels);
  if (tile.rows_above == 0) return patch;
  return patch.below(input_patch(tile.row_begin - tile.rows_above, tile.rows_above, channels));
}

Patch DepthwiseStep::gradient_patch(const Tile& tile) const {
  const auto channels = static_cast<std::uint32_t>(kernels::padded_columns(tile.num_channels));
  const Patch patch = gradient_patch(tile.row_begin, tile.num_rows(), channels);
  if (tile.rows_above == 0) return patch;
  return patch.below(gradient_patch(tile.row_begin - tile.rows_above, tile.rows_above, channels));
}

namespace {

// The most rows and channels that fit, halved in turn: rows down to `few`, then channels to one
// panel, then rows again. Cut rows are multiples of `step`.
template <typename Floats>
void shrink(std::uint32_t few, std::uint32_t step, std::uint32_t& rows, std::size_t& channels,
            Floats&& floats) {
  const auto too_large = [&] { return floats(rows) * channels > kCutFloats; };
  const auto halve = [&] { rows = ((rows + 1) / 2 + step - 1) / step * step; };
  while (too_large() && rows > std::max(few, step)) halve();
  const std::size_t panel = kernels::panel_columns();
  while (too_large() && channels > panel) channels = (channels / panel + 1) / 2 * panel;
  while (too_large() && rows > step) halve();
}

}  // namespace

DepthwiseStep::Cut DepthwiseStep::forward_cut() const {
  Cut cut{.rows = out_->shape.height, .channels = kernels::padded_columns(out_->shape.channels)};
  shrink(operation_.kernel.height, 1, cut.rows, cut.channels, [&](std::uint32_t rows) {
    const Patch patch = input_patch(0, rows, 1);
    return std::size_t{patch.rows} * patch.columns;
  });
  return cut;
}

DepthwiseStep::Cut DepthwiseStep::backward_cut() const {
  const Shape& in = input_.activation->shape;
  Cut cut{.rows = in.height, .channels = kernels::padded_columns(in.channels)};
  // Whole strides: the kernel has a faster way for even tiles of stride 2.
  const std::uint32_t stride = std::min(operation_.stride.height, in.height);
  shrink(operation_.kernel.height, stride, cut.rows, cut.channels, [&](std::uint32_t rows) {
    const Patch patch = gradient_patch(0, rows, 1);
    return std::size_t{patch.rows} * patch.columns + std::size_t{rows} * in.width;
  });
  return cut;
}

ScratchNeeds DepthwiseStep::scratch_needs() const {
  const Cut forward = forward_cut();
  const Cut backward = backward_cut();
  const Patch in = input_patch(0, forward.rows, 1);
  // One row more than tile 0 has: the patch of a later tile may begin inside a stride.
  const Patch gradient = gradient_patch(0, backward.rows, 1);
  const std::size_t panel = kernels::panel_columns();
  const std::size_t input_pixels = std::size_t{backward.rows} * input_.activation->shape.width;
  const std::size_t padded = kernels::padded_columns(weight_.out_channels);
  return {.input = std::max(std::size_t{in.rows} * in.columns * forward.channels,
                            input_pixels * backward.channels),
          .gradient = std::size_t{gradient.rows + 1} * gradient.columns * backward.channels,
          .results = std::max(std::size_t{forward.rows} * out_->shape.width, input_pixels) * panel,
          .pairs = weight_.kernel_height * weight_.kernel_width * panel,
          .short_sums = weight_.kernel_height * weight_.kernel_width * padded,
          .sums = weight_.size};
}

// Tiles of one image and some rows follow each other channel by channel; body(tile, next, task)
// hears which tile comes next, if only in the next task; the same one at the end. Then
// finish(task).
template <typename Body, typename Finish>
void DepthwiseStep::for_tiles(const StepContext& context, const Cut& cut, std::uint32_t rows,
                              Body&& body, Finish&& finish) const {
  const std::uint32_t strips = (rows + cut.rows - 1) / cut.rows;
  const std::size_t channels = out_->shape.channels;
  const std::size_t blocks = (channels + cut.channels - 1) / cut.channels;
  const auto tile_at = [&](std::size_t index, bool follows) {
    const std::size_t strip = index / blocks;
    const auto row = static_cast<std::uint32_t>(strip % strips) * cut.rows;
    const std::size_t channel = index % blocks * cut.channels;
    return Tile{.image = static_cast<std::uint32_t>(strip / strips),
                .row_begin = row,
                .row_end = std::min(row + cut.rows, rows),
                .channel = channel,
                .num_channels = std::min(cut.channels, channels - channel),
                .rows_above = follows && blocks == 1 && row > 0 ? cut.rows : 0};
  };
  context.pool.for_tasks(cut_strips(context, cut, rows), [&](const core::Task& task) {
    const std::size_t begin = task.begin * blocks;
    const std::size_t end = task.end * blocks;
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t next = std::min(i + 1, strips * context.batch * blocks - 1);
      body(tile_at(i, i > begin), tile_at(next, next < end), task);
    }
    finish(task);
    kernels::finish_streams();
  });
}

// Tasks of some microseconds: those with less to do cost more than they save, for each has its own
// sums of all weights.
core::TaskCut DepthwiseStep::cut_strips(const StepContext& context, const Cut& cut,
                                        std::uint32_t rows) const {
  constexpr std::size_t kProductsPerTask = std::size_t{1} << 17;
  const std::uint32_t strips = (rows + cut.rows - 1) / cut.rows;
  const std::size_t products =
      std::size_t{cut.rows} * input_.activation->shape.width * weight_.size;
  return core::cut_into_tasks(std::size_t{context.batch} * strips, kProductsPerTask / products + 1);
}

template <typename Body>
void DepthwiseStep::for_panels(const Tile& tile, Body&& body) {
  for (std::size_t first = 0; first < tile.num_channels; first += kernels::panel_columns()) {
    const std::size_t count = std::min(kernels::panel_columns(), tile.num_channels - first);
    body(Panel{first, count, kernels::padded_columns(count)});
  }
}

namespace {

// Adds the rows of an image that a patch does not have yet, of a tensor whose image begins at
// `image`.
void add_new_rows(const Patch& patch, const Shape& shape, kernels::ConstElements image,
                  kernels::ReadAhead& ahead) {
  const auto end = std::min<std::int64_t>(patch.end_row(), shape.height);
  const auto begin =
      std::clamp<std::int64_t>(patch.first_row + patch.kept, 0, std::max<std::int64_t>(end, 0));
  const std::size_t row = std::size_t{shape.width} * shape.channels;
  ahead.add(
      image.at(static_cast<std::size_t>(begin) * row).data,
      static_cast<std::size_t>(std::max(end, begin) - begin) * row * kernels::size_of(image.type));
}

// The lines of `ahead` for each time that a kernel fetches on its way over so many pixels.
kernels::DepthwiseFetch spread(kernels::ReadAhead& ahead, std::size_t pixels,
                               std::size_t channels) {
  const std::size_t vectors = channels / kernels::padded_columns(1);
  const std::size_t times =
      std::max<std::size_t>(1, pixels / kernels::DepthwiseFetch::kResults * vectors);
  return {ahead, (ahead.lines() + times - 1) / times};
}

}  // namespace

// The input of the next tile, and the output that it writes.
kernels::ReadAhead DepthwiseStep::fetch_forward(const Tile& next) const {
  const Activation& in = *input_.activation;
  kernels::ReadAhead ahead;
  add_new_rows(input_patch(next), in.shape, in.at(next.image * in.shape.num_pixels()), ahead);
  if (!out_->stream) {
    const Patch own{.first_row = next.row_begin, .rows = next.num_rows()};
    add_new_rows(own, out_->shape, out_->at(next.image * out_->shape.num_pixels()), ahead);
  }
  return ahead;
}

// The input of the next tile, and the output's gradient and values.
kernels::ReadAhead DepthwiseStep::fetch_backward(const Tile& next) const {
  const Activation& in = *input_.activation;
  const Patch patch = gradient_patch(next);
  const Patch own{.first_row = next.row_begin, .rows = next.num_rows()};
  const std::size_t out_image = next.image * out_->shape.num_pixels();
  kernels::ReadAhead ahead;
  add_new_rows(patch, out_->shape, out_->gradient_at(out_image), ahead);
  add_new_rows(patch, out_->shape, out_->at(out_image), ahead);
  add_new_rows(own, in.shape, in.at(next.image * in.shape.num_pixels()), ahead);
  return ahead;
}

void DepthwiseStep::write_input(const Tile& tile, const Patch& patch, float* to) const {
  const Activation& in = *input_.activation;
  const std::size_t channels = in.shape.channels;
  const auto transform = in.transform().part(tile.channel, tile.num_channels);
  const kernels::ConstElements image = in.at(tile.image * in.shape.num_pixels()).at(tile.channel);
  write_patch(
      patch, in.shape, to, [&](std::size_t pixel, std::size_t count, kernels::Elements row) {
        kernels::apply_transform(transform, {count, tile.num_channels, channels, patch.channels},
                                 image.at(pixel * channels), row);
      });
}

void DepthwiseStep::write_gradient(const Tile& tile, const Patch& patch, float* to) const {
  const std::size_t channels = out_->shape.channels;
  const auto transform = out_->transform().part(tile.channel, tile.num_channels);
  const auto slopes = out_->transform_gradient().part(tile.channel, tile.num_channels);
  const std::size_t image = tile.image * out_->shape.num_pixels();
  write_patch(patch, out_->shape, to,
              [&](std::size_t pixel, std::size_t count, kernels::Elements row) {
                const std::size_t at = image + pixel;
                kernels::transform_gradient(
                    transform, slopes, {count, tile.num_channels, channels, patch.channels},
                    out_->gradient_at(at).at(tile.channel), out_->at(at).at(tile.channel), row);
              });
}

void DepthwiseStep::forward_tile(const Tile& tile, const Tile& next, const StepContext& context,
                                 const Model& model, const core::Task& task) {
  ThreadScratch& scratch = context.of(task);
  const std::size_t stride = kernels::padded_columns(tile.num_channels);
  const Patch patch = input_patch(tile);
  write_input(tile, patch, scratch.input.data());
  const std::size_t width = out_->shape.width;
  const std::size_t pixels = tile.num_rows() * width;
  const std::size_t first = tile.image * out_->shape.num_pixels() + tile.row_begin * width;
  const kernels::OutputTarget target = output_target(*out_, {}, context, task.index);
  kernels::ReadAhead ahead = fetch_forward(next);
  const kernels::DepthwiseFetch fetch = spread(ahead, pixels, stride);
  for_panels(tile, [&](const Panel& panel) {
    kernels::depthwise_forward(geometry(),
                               padded_weights(model, tile.channel + panel.first, panel, scratch),
                               {scratch.input.data() + panel.first, stride}, patch.columns,
                               panel.padded, tile.num_rows(), width, scratch.results.data(), fetch);
    kernels::finish_output({.results = scratch.results.data(),
                            .num_rows = pixels,
                            .first_channel = tile.channel + panel.first,
                            .num_channels = panel.num_channels},
                           target, first);
  });
  if (target.moments != nullptr && tile.channel_end() == out_->shape.channels) {
    target.moments->count += static_cast<double>(pixels);
  }
}

void DepthwiseStep::forward(const StepContext& context, const Model& model) {
  for_tiles(
      context, forward_cut(), out_->shape.height,
      [&](const Tile& tile, const Tile& next, const core::Task& task) {
        forward_tile(tile, next, context, model, task);
      },
      [](const core::Task&) {});
}

// The panel's weights, rows of whole vectors; they fit the scratch of pairs, which is not in use.
kernels::DepthwiseWeights DepthwiseStep::padded_weights(const Model& model, std::size_t channel,
                                                        const Panel& panel,
                                                        ThreadScratch& scratch) const {
  const float* from = model.parameters.data() + weight_.offset + channel;
  if (panel.padded == panel.num_channels) return {from, weight_.out_channels};
  float* to = scratch.pairs.data();
  for (std::size_t tap = 0; tap < geometry().num_taps(); ++tap, to += panel.padded) {
    std::copy_n(from + tap * weight_.out_channels, panel.num_channels, to);
    std::fill(to + panel.num_channels, to + panel.padded, 0.0f);
  }
  return {scratch.pairs.data(), panel.padded};
}

void DepthwiseStep::backward_tile(const Tile& tile, const Tile& next, const StepContext& context,
                                  const Model& model, const core::Task& task) {
  ThreadScratch& scratch = context.of(task);
  const Activation& in = *input_.activation;
  const std::size_t channels = in.shape.channels;
  const std::size_t stride = kernels::padded_columns(tile.num_channels);
  const Patch patch = gradient_patch(tile);
  write_gradient(tile, patch, scratch.gradient.data());
  const std::size_t pixels = std::size_t{tile.num_rows()} * in.shape.width;
  const std::size_t first = tile.image * in.shape.num_pixels() + tile.row_begin * in.shape.width;
  kernels::apply_transform(in.transform().part(tile.channel, tile.num_channels),
                           {pixels, tile.num_channels, channels, stride},
                           in.at(first).at(tile.channel), scratch.input.data());
  const kernels::DepthwiseBackwardTile window{
      .row_begin = tile.row_begin,
      .num_rows = tile.num_rows(),
      .num_columns = in.shape.width,
      .padding_height = operation_.padding.height,
      .padding_width = operation_.padding.width,
      .patch_first_row = static_cast<std::int32_t>(patch.first_row),
      .patch_first_column = static_cast<std::int32_t>(patch.first_column),
      .patch_columns = patch.columns};
  kernels::ReadAhead ahead = fetch_backward(next);
  const kernels::DepthwiseFetch fetch = spread(ahead, pixels, stride);
  for_panels(tile, [&](const Panel& panel) {
    const std::size_t channel = tile.channel + panel.first;
    kernels::depthwise_backward(geometry(), padded_weights(model, channel, panel, scratch), window,
                                {scratch.gradient.data() + panel.first, stride},
                                {scratch.input.data() + panel.first, stride}, panel.padded,
                                scratch.results.data(), scratch.short_sums.data() + channel,
                                kernels::padded_columns(channels), fetch);
    if (!in.wants_gradient) return;
    kernels::finish_gradient({.results = scratch.results.data(),
                              .num_rows = pixels,
                              .first_channel = channel,
                              .num_channels = panel.num_channels},
                             input_.target(task.index), first, 1);
  });
}

// Float sums run over kPixelsPerSum pixels, and the rest of the tile that passes them, before they
// go to doubles.
void DepthwiseStep::add_weight_sums(ThreadScratch& scratch, std::vector<double>& task_sums) const {
  const std::size_t channels = weight_.out_channels;
  const std::size_t padded = kernels::padded_columns(channels);
  for (std::size_t tap = 0; tap < geometry().num_taps(); ++tap) {
    float* sums = scratch.short_sums.data() + tap * padded;
    for (std::size_t c = 0; c < channels; ++c) {
      task_sums[tap * channels + c] += static_cast<double>(sums[c]);
    }
    std::fill_n(sums, padded, 0.0f);
  }
}

void DepthwiseStep::backward(const StepContext& context, const Model& model,
                             std::span<float> gradients) {
  constexpr std::size_t kPixelsPerSum = 512;
  const std::size_t taps_and_padding =
      geometry().num_taps() * kernels::padded_columns(weight_.out_channels);
  for (ThreadScratch& scratch : context.scratch) {
    std::fill_n(scratch.short_sums.data(), taps_and_padding, 0.0f);
  }
  const std::size_t num_tasks =
      cut_strips(context, backward_cut(), input_.activation->shape.height).num_tasks;
  reset_sums(context, num_tasks, weight_.size);
  input_.expect_tasks(num_tasks);
  std::array<std::size_t, core::kMaxTasks> summed{};
  const auto add_sums = [&](const core::Task& task) {
    add_weight_sums(context.of(task), context.shared.sums[task.index]);
  };
  for_tiles(
      context, backward_cut(), input_.activation->shape.height,
      [&](const Tile& tile, const Tile& next, const core::Task& task) {
        backward_tile(tile, next, context, model, task);
        if (tile.channel_end() != weight_.out_channels) return;
        std::size_t& pixels = summed[task.index];
        pixels += std::size_t{tile.num_rows()} * input_.activation->shape.width;
        if (pixels < kPixelsPerSum) return;
        add_sums(task);
        pixels = 0;
      },
      add_sums);
  collect_sums(context, num_tasks, gradients.subspan(weight_.offset, weight_.size));
}

}  // namespace edgeprune::nn
