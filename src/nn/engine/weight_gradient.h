#pragma once
// The weight gradient of a convolution: the sum over output pixels of (window of the input) x (the
// output's gradient).
//
// Two ways, by the size of the gradient. A small one is gathered in parts, one per task, as the
// tasks go over their tiles, and the parts are added up in the order of tasks. A large one has no
// parts: some hundred pixels at a time are staged, windows and gradients, and then tasks that own
// blocks of it add the stage to theirs.

#include "edgeprune/kernels/products.h"

#include "packed_matrix.h"
#include "step.h"

#include <cstddef>
#include <span>

namespace edgeprune::nn {

/// Tasks that may gather parts of a gradient of so many floats; 0 where it is staged instead.
[[nodiscard]] std::size_t max_gradient_parts(std::size_t floats);

/// Pixels that a stage has, whole tiles where a step makes it of tiles.
inline constexpr std::size_t kStagePixels = 512;

class WeightGradient {
 public:
  /// Windows are num_segments runs of segment_length elements of `type`.
  WeightGradient(kernels::ElementType type, std::size_t num_segments, std::size_t segment_length,
                 std::size_t out_channels);

  /// Elements from pixel to pixel that a tile of the output's gradient must have: in float they
  /// serve as the product's right operand, whole vectors wide.
  [[nodiscard]] std::size_t gradient_stride() const {
    return type_ == kernels::ElementType::f32 ? padded_ : columns_;
  }
  [[nodiscard]] std::size_t max_parts() const { return max_gradient_parts(depth() * padded_); }
  [[nodiscard]] bool is_staged() const { return max_parts() == 0; }

  /// For tiles of at most `tile_pixels` pixels and stages of at most `stage_pixels`; the caller
  /// adds what holds the pixels, and its own `rows`.
  [[nodiscard]] ScratchNeeds scratch_needs(std::size_t tile_pixels, std::size_t stage_pixels) const;

  /// Adds a tile to the part of the task, or writes it where the task has none yet (`is_first`):
  /// row p is pixel p's window; scratch.gradient holds the gradient's pixels, of `type`,
  /// gradient_stride() elements apart, zeros between out_channels and there. Overwrites
  /// scratch.pairs and the end of scratch.rows. Fetches `ahead` meanwhile.
  void add_tile(const PackedMatrix::Rows& windows, std::size_t part, bool is_first,
                const StepContext& context, ThreadScratch& scratch,
                kernels::ReadAhead& ahead) const;
  /// Adds a stage of `num_pixels`, or writes it (`is_first`): shared.stage_rows are the windows,
  /// whose segments lie segment_stride elements apart, and shared.stage_gradient is as
  /// scratch.gradient above.
  void add_stage(const StepContext& context, std::size_t num_pixels, std::size_t segment_stride,
                 bool is_first) const;
  /// Writes what num_tasks tasks have gathered, in parts or staged: num_segments * segment_length
  /// rows of out_channels.
  void collect(const StepContext& context, std::size_t num_tasks, std::span<float> gradient) const;

 private:
  // Some rows of a panel's columns.
  struct Block {
    std::size_t first_column = 0;
    std::size_t columns = 0;
    std::size_t segment = 0;
    std::size_t first_row = 0;  // within the segment
    std::size_t num_rows = 0;
  };
  template <typename Body>
  void for_panels(Body&& body) const;
  [[nodiscard]] std::size_t blocks_per_segment() const;
  [[nodiscard]] std::size_t num_blocks() const;
  [[nodiscard]] Block block(std::size_t index) const;
  [[nodiscard]] float* sums_of(const Block& block, float* sums) const;
  void add_pairs(const PackedMatrix::Rows& windows, bool accumulate, float* sums,
                 ThreadScratch& scratch, kernels::ReadAhead& ahead) const;
  void pair_stage(const StepContext& context, std::size_t num_pixels,
                  std::size_t segment_stride) const;
  void add_block(const Block& block, const StepContext& context, std::size_t num_pixels,
                 std::size_t segment_stride, bool accumulate, ThreadScratch& scratch) const;
  void add_block_of_pairs(const Block& block, const StepContext& context, std::size_t num_pixels,
                          bool accumulate) const;
  [[nodiscard]] std::size_t depth() const { return num_segments_ * segment_length_; }

  kernels::ElementType type_;
  std::size_t num_segments_;
  std::size_t segment_length_;
  std::size_t columns_;
  std::size_t padded_;
};

}  // namespace edgeprune::nn
