#pragma once
// What a Program is made of: activations, and steps that compute them.
//
// An Activation is one stored tensor, the transform that its readers apply on the way in, and the
// gradient with respect to the TRANSFORMED value. A Step reads activations and writes one;
// backward, it reads the gradient of what it wrote and writes those of what it read.

#include "edgeprune/core/aligned_buffer.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/channels.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/nn/program.h"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace edgeprune::nn {

struct Activation {
  Shape shape;
  const float* values = nullptr;  // batch x shape, as the step that wrote it left it
  float* writable = nullptr;      // the same memory; null for the network's input
  float* gradient = nullptr;      // null where no gradient is wanted

  // What readers apply: batch normalisation's coefficients (empty without one) and a clamp.
  std::vector<float> center, scale, shift;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  // Batch normalisation's share of the backward pass.
  std::vector<float> slope, offset;
  // Gathered by whoever writes the tensor, one per thread, where a batch normalisation follows.
  std::vector<kernels::ChannelMoments> moments;

  [[nodiscard]] bool is_clamped() const {
    return low != -std::numeric_limits<float>::infinity() ||
           high != std::numeric_limits<float>::infinity();
  }
  [[nodiscard]] bool is_normalised() const { return !scale.empty(); }
  [[nodiscard]] kernels::ChannelTransform transform() const {
    return {center, scale, shift, low, high};
  }
  [[nodiscard]] kernels::TransformGradient transform_gradient() const { return {slope, offset}; }
};

/// Memory a thread lends to the step it is working on.
struct ThreadScratch {
  core::AlignedBuffer patch;
  core::AlignedBuffer gradient_rows;
  core::AlignedBuffer weight_gradient;
  std::vector<const float*> rows;
  std::vector<double> sums;
};

/// The most that any step asks of a ThreadScratch, in elements.
struct ScratchNeeds {
  std::size_t patch = 0;
  std::size_t gradient_rows = 0;
  std::size_t weight_gradient = 0;
  std::size_t rows = 0;
  std::size_t sums = 0;
};

struct StepContext {
  std::uint32_t batch = 0;
  Mode mode = Mode::training;
  core::ThreadPool& pool;
  std::span<ThreadScratch> scratch;  // one per thread
};

class Step {
 public:
  virtual ~Step() = default;
  virtual void forward(const StepContext& context, Model& model) = 0;
  virtual void backward(const StepContext& context, const Model& model,
                        std::span<float> gradients) = 0;
  /// What it reads, each with whether its gradient adds to what later steps wrote there.
  struct Input {
    Activation* activation = nullptr;
    bool accumulate = false;
  };
  [[nodiscard]] virtual std::span<Input> inputs() = 0;
  [[nodiscard]] virtual ScratchNeeds scratch_needs() const { return {}; }
};

/// Tells the activation's moments, where they are wanted, of pixels just written.
void gather_moments(Activation& activation, const StepContext& context, std::size_t first_pixel,
                    std::size_t num_pixels, int thread);
/// Starts the activation's moments anew for a training batch.
void reset_moments(Activation& activation, const StepContext& context);

}  // namespace edgeprune::nn
