#pragma once
// A network compiled for a largest batch: a flat list of steps, forward and backward, over memory
// whose size is known before it is allocated.
//
//   core::ThreadPool pool(2);
//   Program program(network, {.max_batch = 65}, pool);
//   auto logits = program.forward(model, images, batch, Mode::training);
//   softmax_cross_entropy(...);                                  // fills logit_gradients
//   program.backward(model, logit_gradients, gradients);         // gradients: one per parameter
//
// Only what convolutions, pools and sums compute is stored; batch normalisation and ReLU are
// applied by whoever reads a value (docs/architecture.md, "How a step flows"). Deterministic: same
// program, threads and SIMD target, same bits. Not thread-safe; one program per training loop.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace edgeprune::nn {

enum class Mode {
  training,    // batch norm uses the batch's statistics and updates the running ones
  evaluation,  // batch norm uses the running statistics; no backward pass follows
};

struct ProgramOptions {
  std::uint32_t max_batch = 64;  // core::BatchPlan::largest_batch(b) for batches of a BatchPlan
  bool backward = true;          // false: no memory for gradients is set aside
};

/// The instruction set that programs run on in this process, such as "AVX3" or "NEON".
[[nodiscard]] std::string simd_target();

class Program {
 public:
  /// `pool` must outlive the program; the network is copied.
  Program(const Network& network, const ProgramOptions& options, core::ThreadPool& pool);
  ~Program();
  Program(Program&&) noexcept;

  /// images: batch x height x width x channels, 1 <= batch <= max_batch; they must stay unchanged
  /// until backward() returns. Returns the logits, batch x classes, valid until the next forward().
  /// In training mode with batch norm, a batch of one value per channel is an Error of kind data.
  [[nodiscard]] std::span<const float> forward(Model& model, std::span<const float> images,
                                               std::uint32_t batch, Mode mode);

  /// After a forward in training mode: writes the gradient of every parameter to `gradients`
  /// (num_parameters of them), from logit_gradients (batch x classes). Other sizes, and a program
  /// compiled without `backward`, are internal Errors.
  void backward(const Model& model, std::span<const float> logit_gradients,
                std::span<float> gradients);

  [[nodiscard]] const Network& network() const;
  /// Bytes of activations, gradients and scratch held.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgeprune::nn
