#pragma once
// Convolutions and linear layers, forward and backward.
//
// Every product runs over tiles: a prologue writes the tile's input, transformed and padded, into a
// patch in cache; the product gathers its rows from the patch (kernels/products.h); an epilogue
// adds the bias and gathers batch norm's moments while the result is still in cache. The data
// gradient is the same product over the output's gradient, spread out by the stride, with flipped
// weights.

#include "step.h"
#include "tile_plan.h"

#include <cstdint>
#include <vector>

namespace edgeprune::nn {

class ConvolutionStep final : public Step {
 public:
  ConvolutionStep(const Operation& operation, const TensorInfo& weight, const TensorInfo* bias,
                  Activation* in, Activation* out, std::uint32_t max_batch, int num_threads);

  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }
  [[nodiscard]] ScratchNeeds scratch_needs() const override;

 private:
  // A patch: the part of an image, with its border, that the windows of a tile's rows cover.
  struct PatchShape {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::uint32_t channels = 0;
    std::uint32_t stride = 1;  // of windows, in patch pixels

    [[nodiscard]] std::size_t row_floats() const { return std::size_t{columns} * channels; }
    [[nodiscard]] std::size_t floats() const { return rows * row_floats(); }
  };

  [[nodiscard]] PatchShape input_patch(std::uint32_t tile_rows) const;
  [[nodiscard]] PatchShape gradient_patch(std::uint32_t tile_rows) const;
  [[nodiscard]] TilePlan output_tiles(std::uint32_t batch) const;
  [[nodiscard]] TilePlan input_tiles(std::uint32_t batch) const;
  [[nodiscard]] std::vector<std::int32_t> window_offsets(const PatchShape& patch) const;

  void write_input_patch(const Tile& tile, float* patch) const;
  void write_gradient_patch(const Tile& tile, float* patch) const;
  void write_gradient_rows(const Tile& tile, float* rows) const;
  static std::size_t list_rows(const PatchShape& patch, const Tile& tile, std::uint32_t columns,
                               ThreadScratch& scratch);

  void pack_forward(const Model& model);
  void pack_backward(const Model& model);
  void forward_tile(const Tile& tile, const StepContext& context, const Model& model, int thread);
  void data_gradient_tile(const Tile& tile, ThreadScratch& scratch);
  void weight_gradient_tile(const Tile& tile, ThreadScratch& scratch);
  void weight_gradient(const StepContext& context, std::span<float> gradients);
  void collect_weight_gradient(const StepContext& context, std::span<float> gradients) const;

  Operation operation_;
  TensorInfo weight_;
  bool has_bias_;
  std::size_t bias_offset_ = 0;
  Input input_;
  Activation* out_;
  std::uint32_t max_batch_;
  std::uint32_t num_threads_;
  std::vector<std::int32_t> input_offsets_;
  std::vector<std::int32_t> gradient_offsets_;
  core::AlignedBuffer packed_forward_;
  core::AlignedBuffer packed_backward_;
};

}  // namespace edgeprune::nn
