#pragma once
// Convolutions of 1x1 and stride 1, and linear layers on vectors: plain matrix products over
// pixels, whatever image they belong to.
//
// Forward, a tile of some pixels is transformed into cache, multiplied, and each panel of results
// is finished (bias, moments, store) before it leaves the cache. Few pixels are staged and tasks
// share their panels. Backward, one pass over the tiles makes both gradients:
// it reads the output's gradient and the input once and writes the input's gradient. Where the
// weight gradient is too large for parts, it goes stage by stage (weight_gradient.h).

#include "packed_matrix.h"
#include "step.h"
#include "weight_gradient.h"

#include <cstdint>

namespace edgeprune::nn {

class PointwiseStep final : public Step {
 public:
  /// Whether the operation is one that this step does.
  [[nodiscard]] static bool handles(const Operation& operation, const Shape& input);

  /// `products`: what their operands are; bf16 only where `in` and `out` both are.
  PointwiseStep(const Operation& operation, const TensorInfo& weight, const TensorInfo* bias,
                Activation* in, Activation* out, kernels::ElementType products,
                std::uint32_t max_batch);

  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }
  [[nodiscard]] Activation* output() const override { return out_; }
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  [[nodiscard]] Access access() const override;
  [[nodiscard]] std::string_view kind() const override { return "pointwise"; }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  // Pixels [begin, end) of the batch, and how many the next tile has.
  struct Tile {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t next = 0;
    [[nodiscard]] std::size_t size() const { return end - begin; }
  };
  // Panels [first, end) of a packed matrix.
  struct Panels {
    std::size_t first = 0;
    std::size_t end = 0;
  };
  // A product over [0, pixels): tiles, each shared by `groups` tasks that take some panels each.
  struct SharedTiles {
    std::size_t pixels = 0;
    std::size_t num_tiles = 1;
    std::size_t groups = 1;
  };
  [[nodiscard]] SharedTiles share_tiles(std::size_t pixels, const PackedMatrix& packed) const;
  template <typename Body>
  static void for_shared_tiles(const StepContext& context, const SharedTiles& shared,
                               const PackedMatrix& packed, Body&& body);
  [[nodiscard]] std::size_t num_pixels(const StepContext& context) const;
  template <typename Body>
  void for_tiles(const core::Task& task, std::size_t pixels, Body&& body) const;

  /// Points `pointers` at the tile's pixels, transformed into `buffer`; where nothing has to be
  /// done, in place.
  void point_at_inputs(const Tile& tile, float* buffer, const void** pointers) const;
  std::span<const void* const> input_rows(const Tile& tile, ThreadScratch& scratch) const;
  void write_output_gradient(const Tile& tile, float* to) const;
  enum class Tensor { values, gradient };
  static void fetch_next(const Activation& activation, const Tile& tile, Tensor tensor,
                         kernels::ReadAhead& ahead);
  [[nodiscard]] core::TaskCut cut_pixels(std::size_t pixels,
                                         std::size_t most = core::kMaxTasks) const;
  void forward_tile(const Tile& tile, const kernels::OutputTarget& target,
                    ThreadScratch& scratch) const;
  void stage_inputs(const Tile& stage, const StepContext& context) const;
  void stage_inputs_of(const Tile& tile, std::size_t at, const StepContext& context) const;
  void backward_tile(const Tile& tile, bool is_first, const StepContext& context,
                     const core::Task& task) const;
  std::size_t backward_in_parts(const StepContext& context) const;
  std::size_t backward_in_stages(const StepContext& context) const;
  void write_stage(const Tile& stage, const StepContext& context, std::size_t num_tasks) const;
  void data_gradient(const Tile& stage, const StepContext& context) const;

  std::string name_;
  TensorInfo weight_;
  bool has_bias_;
  std::size_t bias_offset_ = 0;
  Input input_;
  Activation* out_;
  kernels::ElementType type_;  // of the products
  std::uint32_t max_batch_;
  std::size_t tile_pixels_;
  PackedMatrix packed_forward_;
  PackedMatrix packed_backward_;
  WeightGradient weight_gradient_;
};

}  // namespace edgeprune::nn
