#include "winograd_step.h"

#include "edgeprune/kernels/products.h"

#include "weight_gradient.h"

#include <algorithm>
#include <utility>

namespace edgeprune::nn {
namespace {

using kernels::WinogradMatrices;
using kernels::WinogradTiles;

constexpr std::size_t kPositions = kernels::winograd_positions();
// With fewer, mapping back and forth takes longer than the products saved.
constexpr std::uint32_t kMinChannels = 16;
// Of a block: enough for the products to read each panel of weights seldom, few enough for the
// second cache with up to 128 channels; with more, rows and panels stream from the third.
constexpr std::uint32_t kBlockTiles = 128;
// The 16 matrices of a block lie a cache line out of step, lest they all fall on the same sets.
constexpr std::size_t kSkew = core::AlignedBuffer::kAlignmentBytes / sizeof(float);

std::size_t position_stride(std::size_t num_tiles, std::size_t row_stride) {
  return num_tiles * row_stride + kSkew;
}

std::size_t packed_size(std::size_t rows, std::size_t columns) {
  const std::size_t panel = kernels::panel_columns();
  return kPositions * rows * (columns / panel * panel + kernels::padded_columns(columns % panel));
}

}  // namespace

bool WinogradStep::handles(const Operation& operation, const Shape& in, const Shape& out) {
  if (operation.kind != OperationKind::convolution || operation.is_linear) return false;
  if (operation.kernel != Extent(3) || operation.stride != Extent(1) ||
      operation.padding != Extent(1)) {
    return false;
  }
  // Odd images waste a part of their last tiles.
  const std::size_t tiles = std::size_t{(out.height + 1) / 2} * ((out.width + 1) / 2);
  const bool saves_products = 3 * kPositions * tiles <= 2 * 9 * out.num_pixels();
  return saves_products && in.channels >= kMinChannels && out.channels >= kMinChannels;
}

WinogradStep::WinogradStep(const Operation& operation, const TensorInfo& weight,
                           const TensorInfo* bias, Activation* in, Activation* out,
                           std::uint32_t max_batch, int num_threads)
    : name_(operation.name),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{.activation = in},
      out_(out),
      max_batch_(max_batch),
      num_threads_(static_cast<std::uint32_t>(num_threads)) {}

// Patches are mapped image by image: their size is no bound.
TilePlan WinogradStep::blocks(std::uint32_t batch) const {
  const std::uint32_t rows = (out_->shape.height + 1) / 2;
  const std::uint32_t columns = (out_->shape.width + 1) / 2;
  return {rows, columns, 1, batch, (batch + num_threads_ - 1) / num_threads_, kBlockTiles};
}

WinogradTiles WinogradStep::tiles_of(const Tile& block) const {
  return {block.num_rows(), (std::size_t{out_->shape.width} + 1) / 2};
}

Patch WinogradStep::patch_of(const Tile& block, std::size_t channels) const {
  const WinogradTiles tiles = tiles_of(block);
  return {.first_row = 2 * std::int64_t{block.row_begin} - 1,
          .first_column = -1,
          .rows = 2 * block.num_rows() + 2,
          .columns = static_cast<std::uint32_t>(tiles.patch_columns()),
          .channels = static_cast<std::uint32_t>(channels)};
}

std::size_t WinogradStep::first_pixel(const Tile& block) const {
  return block.image_begin * out_->shape.num_pixels() +
         std::size_t{2} * block.row_begin * out_->shape.width;
}

// Of one image.
std::size_t WinogradStep::num_pixels(const Tile& block) const {
  const std::uint32_t rows = std::min(2 * block.row_end, out_->shape.height) - 2 * block.row_begin;
  return std::size_t{rows} * out_->shape.width;
}

template <typename Body>
void WinogradStep::for_blocks(const StepContext& context, Body&& body) const {
  const TilePlan plan = blocks(context.batch);
  context.pool.for_ranges(plan.num_tiles(), [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t i = begin; i < end; ++i) {
      body(plan.tile(static_cast<std::uint32_t>(i)), thread);
    }
    kernels::finish_streams();
  });
}

Step::Access WinogradStep::access() const {
  return {.num_parameters = parameters_of(weight_, has_bias_),
          .backward_reads_inputs = true,
          .one_pass_for_each_kind = true};
}

ScratchNeeds WinogradStep::scratch_needs() const {
  const TilePlan plan = blocks(max_batch_);
  const std::size_t in = kernels::padded_columns(weight_.in_channels);
  const std::size_t out = kernels::padded_columns(weight_.out_channels);
  const Tile block{.image_end = plan.images_per_tile(), .row_end = plan.rows_per_tile()};
  const std::size_t max_channels = std::max(weight_.in_channels, weight_.out_channels);
  const std::size_t num_tiles = block.num_images() * tiles_of(block).count();
  return {
      .input = patch_of(block, max_channels).values(),
      .results = 4 * num_tiles * kernels::panel_columns(),
      .mapped = kPositions * position_stride(num_tiles, std::max(in, out)),
      .products = kPositions * position_stride(num_tiles, std::max(kernels::panel_columns(), out)),
      .weight_gradient = kPositions * weight_.in_channels * out,
      .rows = kPositions * num_tiles,
      .sums = weight_.out_channels,
      .packed = std::max(packed_size(weight_.in_channels, weight_.out_channels),
                         packed_size(weight_.out_channels, weight_.in_channels))};
}

void WinogradStep::pack(const kernels::WinogradTaps& taps, const Channels& channels,
                        const StepContext& context) {
  packed_ = context.packed;
  const std::size_t width = kernels::panel_columns();
  context.pool.for_ranges(
      (channels.out + width - 1) / width, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
          const std::size_t columns = std::min(width, channels.out - i * width);
          kernels::WinogradTaps panel = taps;
          panel.data += i * width * taps.column_stride;
          kernels::pack_winograd_panel(panel, channels.in, columns,
                                       packed_ + kPositions * channels.in * i * width,
                                       channels.in * kernels::padded_columns(columns));
        }
      });
}

// Maps the block's patches, image by image: write_patch(image, patch, to) writes one. Points
// scratch.rows at the rows of the 16 matrices.
template <typename WritePatch>
void WinogradStep::map_patches(const Tile& block, std::size_t channels, WritePatch&& write_patch,
                               ThreadScratch& scratch) const {
  const WinogradTiles tiles = tiles_of(block);
  const std::size_t num_tiles = block.num_images() * tiles.count();
  const Patch patch = patch_of(block, channels);
  const std::size_t row_stride = kernels::padded_columns(channels);
  WinogradMatrices<float> mapped{.data = scratch.mapped.data(),
                                 .position_stride = position_stride(num_tiles, row_stride),
                                 .row_stride = row_stride};
  for (std::size_t i = 0; i < kPositions * num_tiles; ++i) {
    scratch.rows[i] =
        mapped.data + i / num_tiles * mapped.position_stride + i % num_tiles * row_stride;
  }
  for (std::uint32_t image = block.image_begin; image < block.image_end; ++image) {
    write_patch(image, patch, scratch.input.data());
    kernels::winograd_input(scratch.input.data(), tiles, channels, mapped);
    mapped.data += tiles.count() * row_stride;
  }
}

// Calls finish(panel) for each panel of the block's results.
template <typename Finish>
void WinogradStep::multiply(const Tile& block, const Channels& channels, ThreadScratch& scratch,
                            Finish&& finish) const {
  const WinogradTiles tiles = tiles_of(block);
  const std::size_t num_tiles = block.num_images() * tiles.count();
  const std::size_t pixels = num_pixels(block);
  const float* panel = packed_;
  for (std::size_t first = 0; first < channels.out; first += kernels::panel_columns()) {
    const std::size_t columns = std::min(kernels::panel_columns(), channels.out - first);
    const std::size_t width = kernels::padded_columns(columns);
    WinogradMatrices<const float> products{.data = scratch.products.data(),
                                           .position_stride = position_stride(num_tiles, width),
                                           .row_stride = width};
    for (std::size_t i = 0; i < kPositions; ++i, panel += channels.in * width) {
      kernels::ReadAhead nothing;
      kernels::product_panel(
          kernels::GatheredRows<float>{
              .rows = reinterpret_cast<const float* const*>(scratch.rows.data()) + i * num_tiles,
              .num_rows = num_tiles,
              .segment_length = channels.in},
          panel, columns, scratch.products.data() + i * products.position_stride, nothing);
    }
    for (std::uint32_t n = 0; n < block.num_images(); ++n) {
      kernels::winograd_output(products, tiles, width, pixels / out_->shape.width,
                               out_->shape.width, scratch.results.data() + n * pixels * width);
      products.data += tiles.count() * width;
    }
    finish(kernels::ResultPanel{.results = scratch.results.data(),
                                .num_rows = block.num_images() * pixels,
                                .first_channel = first,
                                .num_channels = columns});
  }
}

void WinogradStep::forward_block(const Tile& block, const StepContext& context, const Model& model,
                                 int thread) {
  ThreadScratch& scratch = context.of(thread);
  const Channels channels{weight_.in_channels, weight_.out_channels};
  map_input(block, scratch);
  const auto bias = has_bias_ ? std::span(model.parameters).subspan(bias_offset_, channels.out)
                              : std::span<const float>();
  const kernels::OutputTarget target = output_target(*out_, bias, context, thread);
  multiply(block, channels, scratch, [&](const kernels::ResultPanel& panel) {
    finish_output(panel, target, first_pixel(block));
  });
  if (target.moments != nullptr) {
    target.moments->count += static_cast<double>(block.num_images() * num_pixels(block));
  }
}

void WinogradStep::map_input(const Tile& block, ThreadScratch& scratch) const {
  map_patches(
      block, weight_.in_channels,
      [&](std::uint32_t image, const Patch& patch, float* to) {
        write_values(*input_.activation, image, patch, to);
      },
      scratch);
}

void WinogradStep::forward(const StepContext& context, const Model& model) {
  const std::size_t in = weight_.in_channels;
  const std::size_t out = weight_.out_channels;
  pack(
      {.data = model.parameters.data() + weight_.offset, .tap_stride = in * out, .row_stride = out},
      {in, out}, context);
  for_blocks(context,
             [&](const Tile& block, int thread) { forward_block(block, context, model, thread); });
}

void WinogradStep::data_gradient(const StepContext& context, const Model& model) {
  const std::size_t in = weight_.in_channels;
  const std::size_t out = weight_.out_channels;
  pack({.data = model.parameters.data() + weight_.offset,
        .tap_stride = in * out,
        .row_stride = 1,
        .column_stride = out,
        .flipped = true},
       {out, in}, context);
  for_blocks(context, [&](const Tile& block, int thread) {
    ThreadScratch& scratch = context.of(thread);
    map_patches(
        block, out,
        [&](std::uint32_t image, const Patch& patch, float* to) {
          write_gradient(*out_, image, patch, to);
        },
        scratch);
    const kernels::GradientTarget target = input_.target(thread);
    multiply(block, {out, in}, scratch, [&](const kernels::ResultPanel& panel) {
      finish_gradient(panel, target, first_pixel(block), 1);
    });
  });
}

void WinogradStep::weight_gradient_block(const Tile& block, ThreadScratch& scratch) const {
  map_input(block, scratch);
  const WinogradTiles tiles = tiles_of(block);
  const std::size_t num_tiles = block.num_images() * tiles.count();
  const std::size_t channels = weight_.out_channels;
  const std::size_t width = kernels::padded_columns(channels);
  WinogradMatrices<float> gradient{.data = scratch.products.data(),
                                   .position_stride = position_stride(num_tiles, width),
                                   .row_stride = width};
  // Their outputs only, no border.
  const Patch patch{.first_row = 2 * std::int64_t{block.row_begin},
                    .rows = 2 * block.num_rows(),
                    .columns = static_cast<std::uint32_t>(2 * tiles.columns),
                    .channels = static_cast<std::uint32_t>(channels)};
  for (std::uint32_t image = block.image_begin; image < block.image_end; ++image) {
    write_gradient(*out_, image, patch, scratch.input.data());
    kernels::winograd_output_gradient(scratch.input.data(), tiles, channels, gradient);
    gradient.data += tiles.count() * width;
    if (!has_bias_) continue;
    kernels::accumulate_sums(scratch.input.data(), std::size_t{patch.rows} * patch.columns,
                             channels, std::span(scratch.sums).first(channels));
  }
  const bool accumulate = std::exchange(scratch.has_weight_gradient, true);
  for (std::size_t i = 0; i < kPositions; ++i) {
    kernels::ReadAhead nothing;
    kernels::outer_product(
        {.rows = reinterpret_cast<const float* const*>(scratch.rows.data()) + i * num_tiles,
         .num_rows = num_tiles,
         .segment_length = weight_.in_channels},
        scratch.products.data() + i * gradient.position_stride, width, width,
        scratch.weight_gradient.data() + i * weight_.in_channels * width, width, accumulate,
        nothing);
  }
}

void WinogradStep::weight_gradient(const StepContext& context, std::span<float> gradients) const {
  WeightGradient::reset(context);
  reset_sums(context, weight_.out_channels);
  for_blocks(context, [&](const Tile& block, int thread) {
    weight_gradient_block(block, context.of(thread));
  });
  collect_weight_gradient(context, gradients.subspan(weight_.offset, weight_.size));
  if (has_bias_) collect_sums(context, gradients.subspan(bias_offset_, weight_.out_channels));
}

// Adds up the threads' sums, in thread order, and maps them to the weights.
void WinogradStep::collect_weight_gradient(const StepContext& context,
                                           std::span<float> gradient) const {
  const std::size_t in = weight_.in_channels;
  const std::size_t out = weight_.out_channels;
  const std::size_t width = kernels::padded_columns(out);
  const std::vector<float*> parts = WeightGradient::sums(context);
  context.pool.for_ranges(in, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t c = begin; c < end; ++c) {
      float* sums = parts[0] + c * width;
      for (const float* part : std::span(parts).subspan(1)) {
        for (std::size_t i = 0; i < kPositions; ++i) {
          const std::size_t at = i * in * width;
          kernels::add_to(part + c * width + at, out, sums + at);
        }
      }
      kernels::winograd_weight_gradient(sums, in * width, out, gradient.data() + c * out, in * out);
    }
  });
}

void WinogradStep::backward(const StepContext& context, const Model& model,
                            std::span<float> gradients) {
  weight_gradient(context, gradients);
  if (input_.activation->wants_gradient) data_gradient(context, model);
}

}  // namespace edgeprune::nn
