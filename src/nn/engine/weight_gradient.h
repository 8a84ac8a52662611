#pragma once
// The weight gradient of a convolution: the sum over output pixels of (window of the input) x (the
// output's gradient), gathered tile by tile in each thread's scratch and added up in thread order.

#include "edgeprune/kernels/products.h"

#include "packed_matrix.h"
#include "step.h"

#include <cstddef>
#include <span>
#include <vector>

namespace edgeprune::nn {

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
  /// For tiles of at most `pixels` pixels; the caller adds `gradient` and its own `rows`.
  [[nodiscard]] ScratchNeeds scratch_needs(std::size_t pixels) const;

  /// Starts all threads' sums anew.
  static void reset(const StepContext& context);
  /// The sums of the threads that have had a tile since, in thread order.
  [[nodiscard]] static std::vector<float*> sums(const StepContext& context);
  /// Adds a tile: row p is pixel p's window; scratch.gradient holds the gradient's pixels, of
  /// `type`, gradient_stride() elements apart, zeros between out_channels and there. Overwrites
  /// scratch.pairs and the end of scratch.rows. Fetches `ahead` meanwhile.
  void add_tile(const PackedMatrix::Rows& windows, ThreadScratch& scratch,
                kernels::ReadAhead& ahead) const;
  /// Writes the sum over all threads, of which one at least has had a tile: num_segments *
  /// segment_length rows of out_channels.
  void collect(const StepContext& context, std::span<float> gradient) const;

 private:
  template <typename Body>
  void for_panels(Body&& body) const;
  void add_pairs(const PackedMatrix::Rows& windows, bool accumulate, ThreadScratch& scratch,
                 kernels::ReadAhead& ahead) const;
  [[nodiscard]] std::size_t depth() const { return num_segments_ * segment_length_; }

  kernels::ElementType type_;
  std::size_t num_segments_;
  std::size_t segment_length_;
  std::size_t columns_;
  std::size_t padded_;
};

}  // namespace edgeprune::nn
