#pragma once
// What a Program is made of: activations, and steps that compute them.
//
// An Activation is one stored tensor, the transform that its readers apply on the way in, and the
// gradient with respect to the value before that transform's clamp. A Step reads activations and
// writes one; backward, it reads the gradient of what it wrote and writes those of what it read.
// docs/engine.md tells the whole way and what a step owes the others. Steps point at activations,
// which a CompiledNetwork owns.

#include "edgeprune/core/aligned_buffer.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/channels.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/nn/program_options.h"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

struct Activation {
  Shape shape;
  kernels::ElementType type = kernels::ElementType::f32;
  const void* values = nullptr;  // batch x shape, as the step that wrote it left it
  void* writable = nullptr;      // the same memory; null for the network's input
  void* gradient = nullptr;      // null where none is wanted
  bool wants_gradient = false;
  bool stream = false;  // too large for caches: written past them

  // What readers apply: batch normalisation's coefficients (one per channel; empty without one) and
  // a clamp.
  std::vector<float> center, scale, shift;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  // Batch normalisation's share of the backward pass; sized as the coefficients.
  std::vector<float> slope, offset;
  // Gathered by whoever writes the tensor, or completes its gradient, one per task, where a batch
  // normalisation that is not frozen follows; empty elsewhere.
  std::vector<kernels::ChannelMoments> moments;
  std::vector<kernels::GradientSums> gradient_sums;
  std::size_t num_gradient_sums = 0;  // the first of them, which the last backward pass has used

  [[nodiscard]] kernels::ChannelTransform transform() const {
    return {center, scale, shift, low, high};
  }
  [[nodiscard]] kernels::TransformGradient transform_gradient() const { return {slope, offset}; }
  [[nodiscard]] std::size_t values_of(std::size_t batch) const {
    return batch * shape.num_values();
  }

  // Memory from pixel `pixel` on.
  [[nodiscard]] kernels::ConstElements at(std::size_t pixel) const {
    return kernels::ConstElements(values, type).at(pixel * shape.channels);
  }
  [[nodiscard]] kernels::Elements writable_at(std::size_t pixel) const {
    return kernels::Elements(writable, type).at(pixel * shape.channels);
  }
  [[nodiscard]] kernels::ConstElements gradient_at(std::size_t pixel) const {
    return kernels::ConstElements(gradient, type).at(pixel * shape.channels);
  }
};

/// Memory a thread lends to the step it is working on; it holds nothing from call to call.
struct ThreadScratch {
  core::AlignedBuffer input;       // a tile of the input, transformed
  core::AlignedBuffer gradient;    // a tile of the output's gradient, transformed
  core::AlignedBuffer results;     // a panel of a product's results, or a tile of them
  core::AlignedBuffer pairs;       // tiles laid out in pairs, for bfloat16; depthwise weights
  core::AlignedBuffer mapped;      // a block's 16 matrices, for Winograd's convolutions
  core::AlignedBuffer products;    // and those of its results or of their gradient
  core::AlignedBuffer short_sums;  // of few pixels, before they go to doubles
  std::vector<const void*> rows;
};

/// Memory that the threads share within a step: what the tasks of one loop leave here, those of the
/// next read. It holds nothing from step to step.
struct SharedScratch {
  core::AlignedBuffer packed;          // weights
  core::AlignedBuffer parts;           // of a weight gradient, one per task, or all of it
  core::AlignedBuffer stage_input;     // operands of a staged weight gradient, pixel by pixel
  core::AlignedBuffer stage_gradient;  // and the output's gradient there
  core::AlignedBuffer stage_pairs;     // both laid out in pairs, for bfloat16
  std::vector<const void*> stage_rows;
  std::vector<std::vector<double>> sums;  // one per task
};

/// The most that any step asks of its scratch, in floats (and entries).
struct ScratchNeeds {
  // of each thread
  std::size_t input = 0;
  std::size_t gradient = 0;
  std::size_t results = 0;
  std::size_t pairs = 0;
  std::size_t mapped = 0;
  std::size_t products = 0;
  std::size_t short_sums = 0;
  std::size_t rows = 0;
  // shared
  std::size_t packed = 0;
  std::size_t parts = 0;
  std::size_t stage_input = 0;
  std::size_t stage_gradient = 0;
  std::size_t stage_pairs = 0;
  std::size_t stage_rows = 0;
  std::size_t sums = 0;  // of each task
};

struct StepContext {
  std::uint32_t batch = 0;
  Mode mode = Mode::training;
  core::ThreadPool& pool;
  std::span<ThreadScratch> scratch;  // one per thread
  SharedScratch& shared;
  bool recompute = false;  // the values again, without their statistics

  [[nodiscard]] ThreadScratch& of(const core::Task& task) const {
    return scratch[static_cast<std::size_t>(task.thread)];
  }
};

class Step {
 public:
  virtual ~Step() = default;
  /// Writes every value of the output. With context.recompute, the same bits again, no moments.
  virtual void forward(const StepContext& context, const Model& model) = 0;
  /// After a forward pass in training mode: what the batch changes in the model.
  virtual void update_statistics(Model&) {}
  /// Writes the gradients of its parameters into `gradients` (all parameters' places) and those of
  /// its inputs that want one. Called where the output wants a gradient.
  virtual void backward(const StepContext& context, const Model& model,
                        std::span<float> gradients) = 0;
  /// What it reads, each with the place of its gradient among those of all readers: the first to
  /// write it does not add, the last gathers batch normalisation's sums. compile() sets both.
  struct Input {
    Activation* activation = nullptr;
    bool accumulate = false;
    bool completes = false;

    /// Says, before the tasks begin, how many there are.
    void expect_tasks(std::size_t num_tasks) const {
      if (completes) activation->num_gradient_sums = num_tasks;
    }
    /// Where the task-th task puts the gradient: through kernels::finish_gradient, every pixel
    /// once. It may stream: call kernels::finish_streams() when the task is done.
    [[nodiscard]] kernels::GradientTarget target(std::size_t task) const;
  };
  /// Memory plan and order of gradients follow from inputs() and output().
  [[nodiscard]] virtual std::span<Input> inputs() = 0;
  /// What it writes; a batch normalisation reads and writes the same.
  [[nodiscard]] virtual Activation* output() const = 0;
  [[nodiscard]] virtual ScratchNeeds scratch_needs() const { return {}; }
  /// How it goes over its tensors, for traffic_of() (traffic.h).
  struct Access {
    std::size_t num_parameters = 0;       // weights and biases
    bool backward_reads_inputs = false;   // whether or not one of them is clamped
    bool backward_reads_output = false;   // whether or not it is normalised
    bool one_pass_for_each_kind = false;  // parameters' gradients and inputs' gradients apart
  };
  [[nodiscard]] virtual Access access() const { return {}; }
  /// What a profile calls it: its way of computing, and the operation's name where it has one.
  [[nodiscard]] virtual std::string_view kind() const = 0;
  [[nodiscard]] virtual std::string name() const { return std::string(kind()); }
};

/// Values that a loop over them takes some microseconds for: fewer are not worth a task.
inline constexpr std::size_t kValuesPerTask = std::size_t{1} << 14;

/// Weights and, where a layer has them, biases: one for each channel that it writes.
[[nodiscard]] inline std::size_t parameters_of(const TensorInfo& weight, bool has_bias) {
  return weight.size + (has_bias ? weight.out_channels : 0);
}

/// Where the task-th task puts what it writes, and the moments it gathers of it where they are
/// wanted: in training, if a batch normalisation follows, not in recomputation. For
/// kernels::finish_output; the step adds its tiles' pixels to moments->count. It may stream: call
/// kernels::finish_streams() when the task is done.
[[nodiscard]] kernels::OutputTarget output_target(Activation& activation,
                                                  std::span<const float> bias,
                                                  const StepContext& context, std::size_t task);
/// Gathers them (count included) from `num_pixels` pixels just written without finish_output.
void gather_moments(Activation& activation, const StepContext& context, std::size_t first_pixel,
                    std::size_t num_pixels, std::size_t task);

/// Sets the first `count` of the sums of the first num_tasks tasks to zero.
void reset_sums(const StepContext& context, std::size_t num_tasks, std::size_t count);
/// Adds up the first gradient.size() of the sums of the first num_tasks tasks, in their order.
void collect_sums(const StepContext& context, std::size_t num_tasks, std::span<float> gradient);

}  // namespace edgeprune::nn
