#pragma once
// Convolutions of any window and stride, and linear layers over images.
//
// Every product runs over tiles: a prologue writes the tile's input, transformed and padded, into a
// patch in cache; the product gathers its rows from the patch (kernels/products.h); an epilogue
// finishes each panel of results (bias, moments, store) while it is still in cache. The data
// gradient is the same product over the output's gradient with flipped weights; with a stride, each
// class of input pixels (by its place within the stride) meets its own few taps, so that no product
// is spent on zeros.

#include "packed_matrix.h"
#include "patch.h"
#include "step.h"
#include "tile_plan.h"
#include "weight_gradient.h"

#include <cstdint>
#include <vector>

namespace edgeprune::nn {

class ConvolutionStep final : public Step {
 public:
  /// `products`: what their operands are; bf16 only where `in` and `out` both are.
  ConvolutionStep(const Operation& operation, const TensorInfo& weight, const TensorInfo* bias,
                  Activation* in, Activation* out, kernels::ElementType products,
                  std::uint32_t max_batch);

  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }
  [[nodiscard]] Activation* output() const override { return out_; }
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  [[nodiscard]] Access access() const override;
  [[nodiscard]] std::string_view kind() const override { return "convolution"; }
  [[nodiscard]] std::string name() const override { return operation_.name; }

 private:
  // Input pixels whose row and column leave the same rest by the stride: the taps that reach them.
  struct StrideClass {
    std::uint32_t row = 0;  // (y + padding) % stride
    std::uint32_t column = 0;
    std::uint32_t row_taps = 0;
    std::uint32_t column_taps = 0;
    // Where their weights begin, in falling order: the windows run forward over the gradient.
    std::vector<std::size_t> taps;
    // Rows are (row tap, column tap, out channel), columns in channels.
    PackedMatrix packed;
  };

  // What the windows of a tile's rows cover.
  [[nodiscard]] Patch input_patch(std::uint32_t row_begin, std::uint32_t num_rows) const;
  [[nodiscard]] Patch gradient_patch(std::uint32_t row_begin, std::uint32_t num_rows) const;
  [[nodiscard]] std::size_t floats_of(std::size_t values) const;
  [[nodiscard]] TilePlan output_tiles(std::uint32_t batch) const;
  [[nodiscard]] TilePlan input_tiles(std::uint32_t batch) const;
  [[nodiscard]] std::vector<StrideClass> stride_classes() const;
  [[nodiscard]] std::vector<std::size_t> taps_of(std::uint32_t row, std::uint32_t column,
                                                 std::uint32_t row_taps,
                                                 std::uint32_t column_taps) const;

  [[nodiscard]] std::size_t pixels_per_tile(const TilePlan& outputs) const;
  [[nodiscard]] std::uint32_t tiles_per_stage(const TilePlan& outputs) const;
  [[nodiscard]] std::size_t input_values_per_tile(const TilePlan& outputs) const;

  void write_input_patch(const Tile& tile, const Patch& patch, float* to) const;
  void write_gradient_patch(const Tile& tile, const Patch& patch, ThreadScratch& scratch) const;
  void write_gradient_rows(const Tile& tile, kernels::Elements to) const;
  std::size_t point_at_windows(const Tile& tile, const Patch& patch, const float* input,
                               const void** pointers) const;

  void forward_tile(const Tile& tile, const StepContext& context, const Model& model,
                    const core::Task& task);
  void data_gradient_tile(const Tile& tile, const StepContext& context, const core::Task& task);
  void class_gradient(const StrideClass& stride_class, const Tile& tile, const Patch& patch,
                      ThreadScratch& scratch, const kernels::GradientTarget& target) const;
  void weight_gradient_tile(const Tile& tile, bool is_first, const StepContext& context,
                            const core::Task& task) const;
  std::size_t weight_gradient_in_parts(const StepContext& context) const;
  std::size_t weight_gradient_in_stages(const StepContext& context) const;
  [[nodiscard]] std::size_t first_pixel(const Tile& tile) const;
  void write_stage_tile(const Tile& tile, float* input, std::size_t pixel,
                        const StepContext& context, const core::Task& task) const;
  void weight_gradient(const StepContext& context, std::span<float> gradients);
  void data_gradient(const StepContext& context, const Model& model);

  Operation operation_;
  TensorInfo weight_;
  bool has_bias_;
  std::size_t bias_offset_ = 0;
  Input input_;
  Activation* out_;
  kernels::ElementType type_;  // of the products
  std::uint32_t max_batch_;
  PackedMatrix packed_forward_;
  std::vector<StrideClass> classes_;
  WeightGradient weight_gradient_;
};

}  // namespace edgeprune::nn
