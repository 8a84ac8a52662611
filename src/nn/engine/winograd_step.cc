#include "winograd_step.h"

#include "edgeprune/kernels/products.h"

#include "weight_gradient.h"

#include <algorithm>

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
// Each of the 16 products wants some register tiles of rows.
constexpr std::uint32_t kMinBlockTiles = 24;
// Of a stage of the weight gradient, where it has no parts.
constexpr std::uint32_t kStageTiles = 256;
// The 16 matrices of a block lie a cache line out of step, lest they all fall on the same sets.
constexpr std::size_t kSkew = core::AlignedBuffer::kAlignmentBytes / sizeof(float);

std::size_t position_stride(std::size_t num_tiles, std::size_t row_stride) {
  return num_tiles * row_stride + kSkew;
}

// The 16 matrices of so many tiles.
WinogradMatrices<float> matrices_at(float* memory, std::size_t num_tiles, std::size_t channels) {
  const std::size_t row_stride = kernels::padded_columns(channels);
  return {.data = memory,
          .position_stride = position_stride(num_tiles, row_stride),
          .row_stride = row_stride};
}

// One position's rows after the other's.
void point_at_rows(const WinogradMatrices<float>& matrices, std::size_t num_tiles,
                   std::span<const void*> rows) {
  for (std::size_t i = 0; i < kPositions * num_tiles; ++i) {
    rows[i] = matrices.data + i / num_tiles * matrices.position_stride +
              i % num_tiles * matrices.row_stride;
  }
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
                           std::uint32_t max_batch)
    : name_(operation.name),
      weight_(weight),
      has_bias_(bias != nullptr),
      bias_offset_(bias != nullptr ? bias->offset : 0),
      input_{.activation = in},
      out_(out),
      max_batch_(max_batch) {}

// Patches are mapped image by image: their size is no bound.
TilePlan WinogradStep::blocks(std::uint32_t batch) const {
  const std::uint32_t rows = (out_->shape.height + 1) / 2;
  const std::uint32_t columns = (out_->shape.width + 1) / 2;
  return {rows, columns, 1, batch, kBlockTiles, kMinBlockTiles};
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

std::size_t WinogradStep::num_tiles_of(const Tile& block) const {
  return block.num_images() * tiles_of(block).count();
}

template <typename Body>
void WinogradStep::for_blocks(const StepContext& context, Body&& body) const {
  const TilePlan plan = blocks(context.batch);
  context.pool.for_tasks(plan.cut(), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      body(plan.tile(static_cast<std::uint32_t>(i)), task);
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
  const std::size_t sums = kPositions * weight_.in_channels * out;
  const std::size_t parts = max_gradient_parts(sums);
  const std::size_t stage = parts == 0 ? std::max<std::size_t>(kStageTiles, num_tiles) : 0;
  return {
      .input = patch_of(block, max_channels).values(),
      .results = 4 * num_tiles * kernels::panel_columns(),
      .mapped = kPositions * position_stride(num_tiles, std::max(in, out)),
      .products = kPositions * position_stride(num_tiles, std::max(kernels::panel_columns(), out)),
      .rows = kPositions * num_tiles,
      .packed = std::max(packed_size(weight_.in_channels, weight_.out_channels),
                         packed_size(weight_.out_channels, weight_.in_channels)),
      .parts = std::max<std::size_t>(parts, 1) * sums,
      .stage_input = kPositions * position_stride(stage, in),
      .stage_gradient = kPositions * position_stride(stage, out),
      .stage_rows = kPositions * stage,
      .sums = weight_.out_channels};
}

void WinogradStep::pack(const kernels::WinogradTaps& taps, const Channels& channels,
                        const StepContext& context) {
  packed_ = context.shared.packed.data();
  const std::size_t width = kernels::panel_columns();
  context.pool.for_tasks(
      core::cut_into_tasks((channels.out + width - 1) / width), [&](const core::Task& task) {
        for (std::size_t i = task.begin; i < task.end; ++i) {
          const std::size_t columns = std::min(width, channels.out - i * width);
          kernels::WinogradTaps panel = taps;
          panel.data += i * width * taps.column_stride;
          kernels::pack_winograd_panel(panel, channels.in, columns,
                                       packed_ + kPositions * channels.in * i * width,
                                       channels.in * kernels::padded_columns(columns));
        }
      });
}

// Maps the block's patches, image by image, to the first rows of the matrices: write_patch(image,
// patch, to) writes one to `buffer`.
template <typename WritePatch>
void WinogradStep::map_patches(const Tile& block, std::size_t channels, WritePatch&& write_patch,
                               float* buffer, WinogradMatrices<float> mapped) const {
  const WinogradTiles tiles = tiles_of(block);
  const Patch patch = patch_of(block, channels);
  for (std::uint32_t image = block.image_begin; image < block.image_end; ++image) {
    write_patch(image, patch, buffer);
    kernels::winograd_input(buffer, tiles, channels, mapped);
    mapped.data += tiles.count() * mapped.row_stride;
  }
}

// The same into the thread's own matrices; points scratch.rows at their rows.
template <typename WritePatch>
void WinogradStep::map_block(const Tile& block, std::size_t channels, WritePatch&& write_patch,
                             ThreadScratch& scratch) const {
  const std::size_t num_tiles = num_tiles_of(block);
  const auto mapped = matrices_at(scratch.mapped.data(), num_tiles, channels);
  point_at_rows(mapped, num_tiles, scratch.rows);
  map_patches(block, channels, write_patch, scratch.input.data(), mapped);
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
                                 const core::Task& task) {
  ThreadScratch& scratch = context.of(task);
  const Channels channels{weight_.in_channels, weight_.out_channels};
  map_block(block, channels.in, input_patches(), scratch);
  const auto bias = has_bias_ ? std::span(model.parameters).subspan(bias_offset_, channels.out)
                              : std::span<const float>();
  const kernels::OutputTarget target = output_target(*out_, bias, context, task.index);
  multiply(block, channels, scratch, [&](const kernels::ResultPanel& panel) {
    finish_output(panel, target, first_pixel(block));
  });
  if (target.moments != nullptr) {
    target.moments->count += static_cast<double>(block.num_images() * num_pixels(block));
  }
}

void WinogradStep::forward(const StepContext& context, const Model& model) {
  const std::size_t in = weight_.in_channels;
  const std::size_t out = weight_.out_channels;
  pack(
      {.data = model.parameters.data() + weight_.offset, .tap_stride = in * out, .row_stride = out},
      {in, out}, context);
  for_blocks(context, [&](const Tile& block, const core::Task& task) {
    forward_block(block, context, model, task);
  });
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
  const auto gradient_patches = [this](std::uint32_t image, const Patch& patch, float* to) {
    write_gradient(*out_, image, patch, to);
  };
  input_.expect_tasks(blocks(context.batch).cut().num_tasks);
  for_blocks(context, [&](const Tile& block, const core::Task& task) {
    ThreadScratch& scratch = context.of(task);
    map_block(block, out, gradient_patches, scratch);
    const kernels::GradientTarget target = input_.target(task.index);
    multiply(block, {out, in}, scratch, [&](const kernels::ResultPanel& panel) {
      finish_gradient(panel, target, first_pixel(block), 1);
    });
  });
}

// --- the weights' gradient: sums of 16 matrices, in parts or staged as weight_gradient.h says ---

// The block's output gradients, mapped to the first rows of the matrices, and their bias sums.
void WinogradStep::map_output_gradient(const Tile& block, float* buffer,
                                       WinogradMatrices<float> mapped,
                                       std::span<double> bias_sums) const {
  const WinogradTiles tiles = tiles_of(block);
  const std::size_t channels = weight_.out_channels;
  // Their outputs only, no border.
  const Patch patch{.first_row = 2 * std::int64_t{block.row_begin},
                    .rows = 2 * block.num_rows(),
                    .columns = static_cast<std::uint32_t>(2 * tiles.columns),
                    .channels = static_cast<std::uint32_t>(channels)};
  for (std::uint32_t image = block.image_begin; image < block.image_end; ++image) {
    write_gradient(*out_, image, patch, buffer);
    kernels::winograd_output_gradient(buffer, tiles, channels, mapped);
    mapped.data += tiles.count() * mapped.row_stride;
    if (!has_bias_) continue;
    kernels::accumulate_sums({buffer, kernels::ElementType::f32},
                             std::size_t{patch.rows} * patch.columns, channels,
                             bias_sums.first(channels));
  }
}

// Adds one position's product over `num_tiles` tiles to its sums.
void WinogradStep::add_position(std::size_t position, std::span<const void* const> rows,
                                const WinogradMatrices<float>& gradient, std::size_t num_tiles,
                                float* sums, bool accumulate) const {
  const std::size_t width = gradient.row_stride;
  kernels::ReadAhead nothing;
  kernels::outer_product(
      {.rows = reinterpret_cast<const float* const*>(rows.data()) + position * num_tiles,
       .num_rows = num_tiles,
       .segment_length = weight_.in_channels},
      gradient.data + position * gradient.position_stride, width, width,
      sums + position * weight_.in_channels * width, width, accumulate, nothing);
}

// Returns how many parts there are.
std::size_t WinogradStep::weight_gradient_in_parts(const StepContext& context,
                                                   std::size_t size) const {
  const TilePlan plan = blocks(context.batch);
  const core::TaskCut cut = plan.cut(max_gradient_parts(size));
  reset_sums(context, cut.num_tasks, weight_.out_channels);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    ThreadScratch& scratch = context.of(task);
    float* sums = context.shared.parts.data() + task.index * size;
    for (std::size_t i = task.begin; i < task.end; ++i) {
      const Tile block = plan.tile(static_cast<std::uint32_t>(i));
      const std::size_t num_tiles = num_tiles_of(block);
      map_block(block, weight_.in_channels, input_patches(), scratch);
      const auto gradient = matrices_at(scratch.products.data(), num_tiles, weight_.out_channels);
      map_output_gradient(block, scratch.input.data(), gradient, context.shared.sums[task.index]);
      for (std::size_t position = 0; position < kPositions; ++position) {
        add_position(position, scratch.rows, gradient, num_tiles, sums, i > task.begin);
      }
    }
  });
  return cut.num_tasks;
}

// Returns how many tasks have added up biases' gradients.
std::size_t WinogradStep::weight_gradient_in_stages(const StepContext& context) const {
  SharedScratch& shared = context.shared;
  const TilePlan plan = blocks(context.batch);
  const Tile largest{.image_end = plan.images_per_tile(), .row_end = plan.rows_per_tile()};
  const std::size_t block_tiles = num_tiles_of(largest);
  const auto per_stage =
      static_cast<std::uint32_t>(std::max<std::size_t>(kStageTiles / block_tiles, 1));
  const std::size_t num_tasks = core::cut_into_tasks(per_stage).num_tasks;
  reset_sums(context, num_tasks, weight_.out_channels);
  for (std::uint32_t first = 0; first < plan.num_tiles(); first += per_stage) {
    const std::uint32_t end = std::min(first + per_stage, plan.num_tiles());
    const std::vector<std::size_t> begins = tiles_before(plan, first, end);
    const std::size_t num_tiles = begins.back();
    const auto input = matrices_at(shared.stage_input.data(), num_tiles, weight_.in_channels);
    const auto gradient =
        matrices_at(shared.stage_gradient.data(), num_tiles, weight_.out_channels);
    point_at_rows(input, num_tiles, shared.stage_rows);
    context.pool.for_tasks(core::cut_into_tasks(end - first), [&](const core::Task& task) {
      float* buffer = context.of(task).input.data();
      for (std::size_t i = task.begin; i < task.end; ++i) {
        const Tile block = plan.tile(first + static_cast<std::uint32_t>(i));
        const auto behind = [&](WinogradMatrices<float> matrices) {
          matrices.data += begins[i] * matrices.row_stride;
          return matrices;
        };
        map_patches(block, weight_.in_channels, input_patches(), buffer, behind(input));
        map_output_gradient(block, buffer, behind(gradient), shared.sums[task.index]);
      }
    });
    context.pool.for_tasks({kPositions, kPositions}, [&](const core::Task& task) {
      add_position(task.index, shared.stage_rows, gradient, num_tiles, shared.parts.data(),
                   first > 0);
    });
  }
  return num_tasks;
}

// The tiles of blocks [first, end) before each of them, and of all at the end.
std::vector<std::size_t> WinogradStep::tiles_before(const TilePlan& plan, std::uint32_t first,
                                                    std::uint32_t end) const {
  std::vector<std::size_t> before{0};
  for (std::uint32_t i = first; i < end; ++i) {
    before.push_back(before.back() + num_tiles_of(plan.tile(i)));
  }
  return before;
}

void WinogradStep::weight_gradient(const StepContext& context, std::span<float> gradients) const {
  const std::size_t size =
      kPositions * weight_.in_channels * kernels::padded_columns(weight_.out_channels);
  const bool is_staged = max_gradient_parts(size) == 0;
  const std::size_t num_tasks =
      is_staged ? weight_gradient_in_stages(context) : weight_gradient_in_parts(context, size);
  collect_weight_gradient(context, is_staged ? 1 : num_tasks,
                          gradients.subspan(weight_.offset, weight_.size));
  if (has_bias_) {
    collect_sums(context, num_tasks, gradients.subspan(bias_offset_, weight_.out_channels));
  }
}

// Adds up the parts, in their order, and maps them to the weights.
void WinogradStep::collect_weight_gradient(const StepContext& context, std::size_t num_parts,
                                           std::span<float> gradient) const {
  const std::size_t in = weight_.in_channels;
  const std::size_t out = weight_.out_channels;
  const std::size_t width = kernels::padded_columns(out);
  const std::size_t size = kPositions * in * width;
  context.pool.for_tasks(core::cut_into_tasks(in), [&](const core::Task& task) {
    for (std::size_t c = task.begin; c < task.end; ++c) {
      float* sums = context.shared.parts.data() + c * width;
      for (std::size_t part = 1; part < num_parts; ++part) {
        for (std::size_t i = 0; i < kPositions; ++i) {
          const std::size_t at = i * in * width;
          kernels::add_to(sums + part * size + at, out, sums + at);
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
