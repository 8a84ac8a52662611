#pragma once
// Convolutions of 3x3, stride 1 and padding 1 over many channels, by Winograd's F(2x2, 3x3)
// (kernels/winograd.h): 16 products per 2x2 outputs instead of 36.
//
// A block is some whole images, or some rows of tiles of one. Its input, transformed and padded, is
// mapped to 16 matrices in cache; panel by panel their products with the mapped weights are mapped
// back to pixels and finished (bias, moments, store). The data gradient is the same over the
// output's gradient. The weight gradient sums 16 products of the input's and the gradient's
// matrices over all blocks and maps the sums back at the end.
//
// The mapped weights take 16/9 of the weights.

#include "edgeprune/kernels/winograd.h"

#include "patch.h"
#include "step.h"
#include "tile_plan.h"

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::nn {

class WinogradStep final : public Step {
 public:
  /// Whether the operation is one that this step does, faster than ConvolutionStep. Its products
  /// are float, whatever the activations are stored as: mapped, bfloat16 operands would round.
  [[nodiscard]] static bool handles(const Operation& operation, const Shape& in, const Shape& out);

  WinogradStep(const Operation& operation, const TensorInfo& weight, const TensorInfo* bias,
               Activation* in, Activation* out, std::uint32_t max_batch);

  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }
  [[nodiscard]] Activation* output() const override { return out_; }
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  [[nodiscard]] Access access() const override;
  [[nodiscard]] std::string_view kind() const override { return "winograd"; }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  // The channels that a product sums over, and those of its results.
  struct Channels {
    std::size_t in = 0;
    std::size_t out = 0;
  };
  // Of a block: rows of the plan are rows of tiles.
  [[nodiscard]] TilePlan blocks(std::uint32_t batch) const;
  [[nodiscard]] kernels::WinogradTiles tiles_of(const Tile& block) const;
  [[nodiscard]] std::size_t num_tiles_of(const Tile& block) const;
  [[nodiscard]] Patch patch_of(const Tile& block, std::size_t channels) const;
  [[nodiscard]] std::size_t first_pixel(const Tile& block) const;
  [[nodiscard]] std::size_t num_pixels(const Tile& block) const;
  template <typename Body>
  void for_blocks(const StepContext& context, Body&& body) const;

  void pack(const kernels::WinogradTaps& taps, const Channels& channels,
            const StepContext& context);
  // Writes the input's patch of an image, as map_patches() wants it.
  [[nodiscard]] auto input_patches() const {
    return [this](std::uint32_t image, const Patch& patch, float* to) {
      write_values(*input_.activation, image, patch, to);
    };
  }
  template <typename WritePatch>
  void map_patches(const Tile& block, std::size_t channels, WritePatch&& write_patch, float* buffer,
                   kernels::WinogradMatrices<float> mapped) const;
  template <typename WritePatch>
  void map_block(const Tile& block, std::size_t channels, WritePatch&& write_patch,
                 ThreadScratch& scratch) const;
  template <typename Finish>
  void multiply(const Tile& block, const Channels& channels, ThreadScratch& scratch,
                Finish&& finish) const;

  void forward_block(const Tile& block, const StepContext& context, const Model& model,
                     const core::Task& task);
  void data_gradient(const StepContext& context, const Model& model);
  void map_output_gradient(const Tile& block, float* buffer,
                           kernels::WinogradMatrices<float> mapped,
                           std::span<double> bias_sums) const;
  void add_position(std::size_t position, std::span<const void* const> rows,
                    const kernels::WinogradMatrices<float>& gradient, std::size_t num_tiles,
                    float* sums, bool accumulate) const;
  [[nodiscard]] std::vector<std::size_t> tiles_before(const TilePlan& plan, std::uint32_t first,
                                                      std::uint32_t end) const;
  std::size_t weight_gradient_in_parts(const StepContext& context, std::size_t size) const;
  std::size_t weight_gradient_in_stages(const StepContext& context) const;
  void weight_gradient(const StepContext& context, std::span<float> gradients) const;
  void collect_weight_gradient(const StepContext& context, std::size_t num_parts,
                               std::span<float> gradient) const;

  std::string name_;
  TensorInfo weight_;
  bool has_bias_;
  std::size_t bias_offset_ = 0;
  Input input_;
  Activation* out_;
  std::uint32_t max_batch_;
  float* packed_ = nullptr;  // the context's; panel by panel, each of 16 positions
};

}  // namespace edgeprune::nn
