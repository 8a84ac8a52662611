#pragma once
// Depthwise convolutions, forward and backward, over tiles of some rows of one image: a prologue
// writes them, transformed and with their border, into cache; then some channels at a time are
// computed, and an epilogue gathers moments, masks gradients and stores. Tiles have all channels
// that fit the cache, so that memory is read in its order. Backward, data and weight gradients
// share one pass.

#include "edgeprune/kernels/depthwise.h"

#include "patch.h"
#include "step.h"

#include <cstdint>

namespace edgeprune::nn {

class DepthwiseStep final : public Step {
 public:
  DepthwiseStep(const Operation& operation, const TensorInfo& weight, Activation* in,
                Activation* out);

  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }
  [[nodiscard]] Activation* output() const override { return out_; }
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  [[nodiscard]] Access access() const override {
    return {.num_parameters = weight_.size, .backward_reads_inputs = true};
  }
  [[nodiscard]] std::string_view kind() const override { return "depthwise"; }
  [[nodiscard]] std::string name() const override { return operation_.name; }

 private:
  // Some rows (of the output forward, of the input backward) and channels of an image.
  struct Tile {
    std::uint32_t image = 0;
    std::uint32_t row_begin = 0;
    std::uint32_t row_end = 0;
    std::size_t channel = 0;
    std::size_t num_channels = 0;
    // Rows of the tile above, which the task has just done: 0 where that was another one.
    std::uint32_t rows_above = 0;
    [[nodiscard]] std::uint32_t num_rows() const { return row_end - row_begin; }
    [[nodiscard]] std::size_t channel_end() const { return channel + num_channels; }
  };
  // What a kernel works on at a time: channels of a tile, from the tile's first on.
  struct Panel {
    std::size_t first = 0;
    std::size_t num_channels = 0;
    std::size_t padded = 0;
  };
  template <typename Body>
  static void for_panels(const Tile& tile, Body&& body);
  // How an image is cut.
  struct Cut {
    std::uint32_t rows = 1;
    std::size_t channels = 1;
  };
  [[nodiscard]] core::TaskCut cut_strips(const StepContext& context, const Cut& cut,
                                         std::uint32_t rows) const;
  template <typename Body, typename Finish>
  void for_tiles(const StepContext& context, const Cut& cut, std::uint32_t rows, Body&& body,
                 Finish&& finish) const;

  // What the windows of some rows cover; and of a tile, its channels too, with the rows it keeps.
  [[nodiscard]] Patch input_patch(std::uint32_t row_begin, std::uint32_t num_rows,
                                  std::uint32_t channels) const;
  [[nodiscard]] Patch gradient_patch(std::uint32_t row_begin, std::uint32_t num_rows,
                                     std::uint32_t channels) const;
  [[nodiscard]] Patch input_patch(const Tile& tile) const;
  [[nodiscard]] Patch gradient_patch(const Tile& tile) const;
  [[nodiscard]] Cut forward_cut() const;
  [[nodiscard]] Cut backward_cut() const;
  [[nodiscard]] kernels::DepthwiseGeometry geometry() const;
  kernels::DepthwiseWeights padded_weights(const Model& model, std::size_t channel,
                                           const Panel& panel, ThreadScratch& scratch) const;

  [[nodiscard]] kernels::ReadAhead fetch_forward(const Tile& next) const;
  [[nodiscard]] kernels::ReadAhead fetch_backward(const Tile& next) const;
  void write_input(const Tile& tile, const Patch& patch, float* to) const;
  void write_gradient(const Tile& tile, const Patch& patch, float* to) const;
  void forward_tile(const Tile& tile, const Tile& next, const StepContext& context,
                    const Model& model, const core::Task& task);
  void backward_tile(const Tile& tile, const Tile& next, const StepContext& context,
                     const Model& model, const core::Task& task);
  void add_weight_sums(ThreadScratch& scratch, std::vector<double>& task_sums) const;

  Operation operation_;
  TensorInfo weight_;
  Input input_;
  Activation* out_;
};

}  // namespace edgeprune::nn
