#include "weight_gradient.h"

#include <algorithm>
#include <utility>

namespace edgeprune::nn {

WeightGradient::WeightGradient(kernels::ElementType type, std::size_t num_segments,
                               std::size_t segment_length, std::size_t out_channels)
    : type_(type),
      num_segments_(num_segments),
      segment_length_(segment_length),
      columns_(out_channels),
      padded_(kernels::padded_columns(out_channels)) {}

// A pair of bfloat16 takes the room of a float.
ScratchNeeds WeightGradient::scratch_needs(std::size_t pixels) const {
  ScratchNeeds needs{.weight_gradient = depth() * padded_};
  if (type_ == kernels::ElementType::bf16) {
    needs.pairs = (kernels::interleaved_size(pixels, segment_length_) +
                   kernels::interleaved_size(pixels, columns_)) /
                  2;
    needs.rows = pixels;
  }
  return needs;
}

void WeightGradient::reset(const StepContext& context) {
  for (ThreadScratch& scratch : context.scratch) scratch.has_weight_gradient = false;
}

std::vector<float*> WeightGradient::sums(const StepContext& context) {
  std::vector<float*> parts;
  for (ThreadScratch& scratch : context.scratch) {
    if (scratch.has_weight_gradient) parts.push_back(scratch.weight_gradient.data());
  }
  return parts;
}

// Sums lie panel by panel, each depth() rows of its padded columns: body(first, columns).
template <typename Body>
void WeightGradient::for_panels(Body&& body) const {
  for (std::size_t first = 0; first < padded_; first += kernels::panel_columns()) {
    body(first, std::min(kernels::panel_columns(), padded_ - first));
  }
}

void WeightGradient::add_tile(const PackedMatrix::Rows& windows, ThreadScratch& scratch,
                              kernels::ReadAhead& ahead) const {
  // The first tile's sums are not added to anything.
  const bool accumulate = std::exchange(scratch.has_weight_gradient, true);
  if (type_ == kernels::ElementType::bf16) return add_pairs(windows, accumulate, scratch, ahead);
  const kernels::GatheredRows<float> rows{
      .rows = reinterpret_cast<const float* const*>(windows.rows.data()),
      .num_rows = windows.rows.size(),
      .num_segments = num_segments_,
      .segment_length = segment_length_,
      .segment_stride = windows.segment_stride};
  for_panels([&](std::size_t first, std::size_t columns) {
    kernels::outer_product(rows, scratch.gradient.data() + first, padded_, columns,
                           scratch.weight_gradient.data() + first * depth(), columns, accumulate,
                           ahead);
  });
}

void WeightGradient::add_pairs(const PackedMatrix::Rows& windows, bool accumulate,
                               ThreadScratch& scratch, kernels::ReadAhead& ahead) const {
  using kernels::BFloat16;
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
      float* sums =
          scratch.weight_gradient.data() + first * depth() + s * segment_length_ * columns;
      kernels::outer_product_of_pairs(a_pairs, segment_length_, g_pairs + 2 * num_pairs * first,
                                      columns, num_pairs, sums, columns, accumulate, ahead);
    });
  }
}

void WeightGradient::collect(const StepContext& context, std::span<float> gradient) const {
  const std::vector<float*> parts = sums(context);
  context.pool.for_ranges(depth(), [&](std::size_t begin, std::size_t end, int) {
    for_panels([&](std::size_t first, std::size_t columns) {
      const std::size_t real = std::min(columns, columns_ - std::min(columns_, first));
      for (std::size_t k = begin; k < end; ++k) {
        const std::size_t from = first * depth() + k * columns;
        float* to = gradient.data() + k * columns_ + first;
        std::copy_n(parts[0] + from, real, to);
        for (std::size_t i = 1; i < parts.size(); ++i) kernels::add_to(parts[i] + from, real, to);
      }
    });
  });
}

}  // namespace edgeprune::nn
