#include "weight_gradient.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

using kernels::BFloat16;

// All parts together: they stay in the second cache, and adding them up costs little.
constexpr std::size_t kPartsFloats = std::size_t{1} << 18;
// With fewer parts, a task is too large for others to make up for a thread that does not run.
constexpr std::size_t kMinParts = 8;
// Rows of a block that a task owns: whole strips of the left operand, so many that the products
// copy the panel that they multiply with into contiguous memory (kCopiedDepth in
// kernels/products.cc).
constexpr std::size_t kBlockRows = 6 * kernels::kLeftStrip;

// Pointers to void and to T have one representation; the rows point at Ts.
template <typename T>
const T* const* rows_of(std::span<const void* const> rows) {
  return reinterpret_cast<const T* const*>(rows.data());
}

}  // namespace

std::size_t max_gradient_parts(std::size_t floats) {
  const std::size_t fit = kPartsFloats / std::max<std::size_t>(floats, 1);
  return fit >= kMinParts ? std::min(fit, core::kMaxTasks) : 0;
}

WeightGradient::WeightGradient(kernels::ElementType type, std::size_t num_segments,
                               std::size_t segment_length, std::size_t out_channels)
    : type_(type),
      num_segments_(num_segments),
      segment_length_(segment_length),
      columns_(out_channels),
      padded_(kernels::padded_columns(out_channels)) {}

// A pair of bfloat16 takes the room of a float.
ScratchNeeds WeightGradient::scratch_needs(std::size_t tile_pixels,
                                           std::size_t stage_pixels) const {
  ScratchNeeds needs{.parts = std::max<std::size_t>(max_parts(), 1) * depth() * padded_};
  if (is_staged()) {
    needs.rows = stage_pixels;
    needs.stage_rows = stage_pixels;
  }
  if (type_ != kernels::ElementType::bf16) return needs;
  if (is_staged()) {
    needs.stage_pairs = (num_segments_ * kernels::interleaved_size(stage_pixels, segment_length_) +
                         kernels::interleaved_size(stage_pixels, columns_)) /
                        2;
  } else {
    needs.pairs = (kernels::interleaved_size(tile_pixels, segment_length_) +
                   kernels::interleaved_size(tile_pixels, columns_)) /
                  2;
    needs.rows = tile_pixels;
  }
  return needs;
}

// Sums lie panel by panel, each depth() rows of its padded columns: body(first, columns).
template <typename Body>
void WeightGradient::for_panels(Body&& body) const {
  for (std::size_t first = 0; first < padded_; first += kernels::panel_columns()) {
    body(first, std::min(kernels::panel_columns(), padded_ - first));
  }
}

// --- in parts ---

void WeightGradient::add_tile(const PackedMatrix::Rows& windows, std::size_t part, bool is_first,
                              const StepContext& context, ThreadScratch& scratch,
                              kernels::ReadAhead& ahead) const {
  float* sums = context.shared.parts.data() + part * depth() * padded_;
  if (type_ == kernels::ElementType::bf16) {
    return add_pairs(windows, !is_first, sums, scratch, ahead);
  }
  const kernels::GatheredRows<float> rows{.rows = rows_of<float>(windows.rows),
                                          .num_rows = windows.rows.size(),
                                          .num_segments = num_segments_,
                                          .segment_length = segment_length_,
                                          .segment_stride = windows.segment_stride};
  for_panels([&](std::size_t first, std::size_t columns) {
    kernels::outer_product(rows, scratch.gradient.data() + first, padded_, columns,
                           sums + first * depth(), columns, !is_first, ahead);
  });
}

void WeightGradient::add_pairs(const PackedMatrix::Rows& windows, bool accumulate, float* sums,
                               ThreadScratch& scratch, kernels::ReadAhead& ahead) const {
  const auto rows = windows.rows;
  const std::size_t num_pairs = (rows.size() + 1) / 2;
  auto* g_pairs = reinterpret_cast<BFloat16*>(scratch.pairs.data());
  BFloat16* a_pairs = g_pairs + kernels::interleaved_size(rows.size(), columns_);
  const auto* gradient = reinterpret_cast<const BFloat16*>(scratch.gradient.data());
  // The caller's rows stay as they are; the pointers of one segment go behind them.
  auto* pointers =
      reinterpret_cast<const BFloat16**>(scratch.rows.data() + scratch.rows.size() - rows.size());
  for (std::size_t p = 0; p < rows.size(); ++p) pointers[p] = gradient + p * columns_;
  kernels::interleave_pairs(pointers, rows.size(), columns_, kernels::panel_columns(), g_pairs);
  for (std::size_t s = 0; s < num_segments_; ++s) {
    for (std::size_t p = 0; p < rows.size(); ++p) {
      pointers[p] = static_cast<const BFloat16*>(rows[p]) + s * windows.segment_stride;
    }
    kernels::interleave_pairs(pointers, rows.size(), segment_length_, kernels::kLeftStrip, a_pairs);
    for_panels([&](std::size_t first, std::size_t columns) {
      kernels::outer_product_of_pairs(
          a_pairs, segment_length_, g_pairs + 2 * num_pairs * first, columns, num_pairs,
          sums + first * depth() + s * segment_length_ * columns, columns, accumulate, ahead);
    });
  }
}

// --- staged ---

std::size_t WeightGradient::blocks_per_segment() const {
  return (segment_length_ + kBlockRows - 1) / kBlockRows;
}

std::size_t WeightGradient::num_blocks() const {
  const std::size_t panels = (padded_ + kernels::panel_columns() - 1) / kernels::panel_columns();
  return panels * num_segments_ * blocks_per_segment();
}

WeightGradient::Block WeightGradient::block(std::size_t index) const {
  const std::size_t of_panel = num_segments_ * blocks_per_segment();
  const std::size_t first_column = index / of_panel * kernels::panel_columns();
  const std::size_t first_row = index % blocks_per_segment() * kBlockRows;
  return {.first_column = first_column,
          .columns = std::min(kernels::panel_columns(), padded_ - first_column),
          .segment = index % of_panel / blocks_per_segment(),
          .first_row = first_row,
          .num_rows = std::min(kBlockRows, segment_length_ - first_row)};
}

float* WeightGradient::sums_of(const Block& block, float* sums) const {
  return sums + block.first_column * depth() +
         (block.segment * segment_length_ + block.first_row) * block.columns;
}

void WeightGradient::add_stage(const StepContext& context, std::size_t num_pixels,
                               std::size_t segment_stride, bool is_first) const {
  const bool in_pairs = type_ == kernels::ElementType::bf16;
  if (in_pairs) pair_stage(context, num_pixels, segment_stride);
  context.pool.for_tasks(core::cut_into_tasks(num_blocks()), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      if (in_pairs) {
        add_block_of_pairs(block(i), context, num_pixels, !is_first);
      } else {
        add_block(block(i), context, num_pixels, segment_stride, !is_first, context.of(task));
      }
    }
  });
}

void WeightGradient::add_block(const Block& block, const StepContext& context,
                               std::size_t num_pixels, std::size_t segment_stride, bool accumulate,
                               ThreadScratch& scratch) const {
  const std::size_t offset = block.segment * segment_stride + block.first_row;
  for (std::size_t p = 0; p < num_pixels; ++p) {
    scratch.rows[p] = static_cast<const float*>(context.shared.stage_rows[p]) + offset;
  }
  kernels::ReadAhead nothing;
  kernels::outer_product({.rows = rows_of<float>(scratch.rows),
                          .num_rows = num_pixels,
                          .segment_length = block.num_rows},
                         context.shared.stage_gradient.data() + block.first_column, padded_,
                         block.columns, sums_of(block, context.shared.parts.data()), block.columns,
                         accumulate, nothing);
}

// The gradient's pairs, then those of one segment of the windows after the other.
void WeightGradient::pair_stage(const StepContext& context, std::size_t num_pixels,
                                std::size_t segment_stride) const {
  SharedScratch& shared = context.shared;
  auto* pairs = reinterpret_cast<BFloat16*>(shared.stage_pairs.data());
  const std::size_t g_size = kernels::interleaved_size(num_pixels, columns_);
  const std::size_t a_size = kernels::interleaved_size(num_pixels, segment_length_);
  const auto* gradient = reinterpret_cast<const BFloat16*>(shared.stage_gradient.data());
  context.pool.for_tasks({num_segments_ + 1, num_segments_ + 1}, [&](const core::Task& task) {
    auto* pointers = reinterpret_cast<const BFloat16**>(context.of(task).rows.data());
    if (task.index == num_segments_) {
      for (std::size_t p = 0; p < num_pixels; ++p) pointers[p] = gradient + p * columns_;
      return kernels::interleave_pairs(pointers, num_pixels, columns_, kernels::panel_columns(),
                                       pairs);
    }
    for (std::size_t p = 0; p < num_pixels; ++p) {
      pointers[p] =
          static_cast<const BFloat16*>(shared.stage_rows[p]) + task.index * segment_stride;
    }
    kernels::interleave_pairs(pointers, num_pixels, segment_length_, kernels::kLeftStrip,
                              pairs + g_size + task.index * a_size);
  });
}

void WeightGradient::add_block_of_pairs(const Block& block, const StepContext& context,
                                        std::size_t num_pixels, bool accumulate) const {
  const std::size_t num_pairs = (num_pixels + 1) / 2;
  const auto* pairs = reinterpret_cast<const BFloat16*>(context.shared.stage_pairs.data());
  const BFloat16* a_pairs = pairs + kernels::interleaved_size(num_pixels, columns_) +
                            block.segment * kernels::interleaved_size(num_pixels, segment_length_);
  kernels::ReadAhead nothing;
  kernels::outer_product_of_pairs(a_pairs + 2 * num_pairs * block.first_row, block.num_rows,
                                  pairs + 2 * num_pairs * block.first_column, block.columns,
                                  num_pairs, sums_of(block, context.shared.parts.data()),
                                  block.columns, accumulate, nothing);
}

void WeightGradient::collect(const StepContext& context, std::size_t num_tasks,
                             std::span<float> gradient) const {
  const std::size_t num_parts = is_staged() ? 1 : num_tasks;
  constexpr std::size_t kGrainFloats = 8192;
  const float* sums = context.shared.parts.data();
  const core::TaskCut cut = core::cut_into_tasks(depth(), kGrainFloats / padded_ + 1);
  context.pool.for_tasks(cut, [&](const core::Task& task) {
    for_panels([&](std::size_t first, std::size_t columns) {
      const std::size_t real = std::min(columns, columns_ - std::min(columns_, first));
      for (std::size_t k = task.begin; k < task.end; ++k) {
        const float* from = sums + first * depth() + k * columns;
        float* to = gradient.data() + k * columns_ + first;
        std::copy_n(from, real, to);
        for (std::size_t i = 1; i < num_parts; ++i) {
          kernels::add_to(from + i * depth() * padded_, real, to);
        }
      }
    });
  });
}

}  // namespace edgeprune::nn
