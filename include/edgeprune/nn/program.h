#pragma once
// A network compiled for a largest batch: a flat list of steps, forward and backward, over memory
// whose size is known before it is allocated (program_memory()).
//
//   core::ThreadPool pool(2);
//   Program program(network, {.max_batch = 65}, pool);
//   auto logits = program.forward(model, images, batch, Mode::training);
//   softmax_cross_entropy(...);                                  // fills logit_gradients
//   program.backward(model, logit_gradients, gradients);         // gradients: one per parameter
//
// Only what convolutions, pools and sums compute is stored; batch normalisation and ReLU are
// applied by whoever reads a value (docs/engine.md). Deterministic: same program and SIMD target,
// same bits, on any number of threads. Not thread-safe; one program per training loop. Once made, a
// program allocates no memory for tensors.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/model.h"
#include "edgeprune/nn/network.h"
#include "edgeprune/nn/program_options.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

/// "f32", "bf16" or "bf16_storage".
[[nodiscard]] std::string_view name_of(Precision precision);

/// Whether programs of this precision are at home here: bf16 needs a CPU that multiplies bfloat16,
/// and runs slowly on another (engine.md, "Element types"); the others run on any.
[[nodiscard]] bool is_available(Precision precision);

/// The instruction set that programs run on in this process, such as "AVX3" or "NEON".
[[nodiscard]] std::string simd_target();

/// The tensors a program holds, known before anything is allocated. What it keeps per channel (such
/// as coefficients and sums of batch norms) is not counted.
struct ProgramMemory {
  std::size_t arena_bytes = 0;    // activations and their gradients; they share where they can
  std::size_t scratch_bytes = 0;  // tiles, of all threads, and one packed weight

  [[nodiscard]] std::size_t total_bytes() const { return arena_bytes + scratch_bytes; }
};
/// That of a program on a pool of `num_threads`; Program::memory() says the same.
[[nodiscard]] ProgramMemory program_memory(const Network& network, const ProgramOptions& options,
                                           int num_threads);

/// That of programs of the networks that share their memory (make_programs): the largest.
[[nodiscard]] ProgramMemory program_memory(std::span<const Network> networks,
                                           const ProgramOptions& options, int num_threads);

/// One step of a program, the time spent in it since the program was made, in all passes, and the
/// bytes that it moved meanwhile: every tensor it read or wrote, once for each pass over it, and
/// its parameters (docs/engine.md). What is computed again going backward counts as forward.
struct StepProfile {
  std::string name;  // of the operation, as in model files, or its kind
  // "pointwise", "winograd" and "convolution" are ways to compute a convolution; "materialise" is a
  // copy of a value as its readers see it.
  std::string kind;
  Shape output;
  double forward_seconds = 0;
  double backward_seconds = 0;
  double forward_bytes = 0;
  double backward_bytes = 0;
};

class Program {
 public:
  /// `pool` must outlive the program; the network is copied.
  Program(const Network& network, const ProgramOptions& options, core::ThreadPool& pool);
  ~Program();
  Program(Program&&) noexcept;

  /// images: batch x height x width x channels, 1 <= batch <= max_batch; they must stay unchanged
  /// until backward() returns. Returns the logits, batch x classes, valid until the next forward();
  /// NaNs on the way reach them. Other sizes, the model's too, are internal Errors. In training
  /// mode the model's running statistics move; with batch norm, a batch of one value per channel
  /// is then an Error of kind data, and those of earlier batch norms have moved already.
  [[nodiscard]] std::span<const float> forward(Model& model, std::span<const float> images,
                                               std::uint32_t batch, Mode mode);

  /// Once after each forward in training mode that wants it, with the same parameters: writes the
  /// gradient of every trained parameter (trainable_ranges of model.h) to its place in `gradients`
  /// (num_parameters of them) and leaves the others, from logit_gradients (batch x classes). It
  /// overwrites; it does not add. Other sizes, a program compiled without `backward`, and a call
  /// without such a forward pass are internal Errors.
  void backward(const Model& model, std::span<const float> logit_gradients,
                std::span<float> gradients);

  /// What the head (Network::head) read in the last forward pass: writes batch x num_features()
  /// values. Before backward() only. Another size, and a network without a head, are internal
  /// Errors.
  void copy_features(std::span<float> features);

  [[nodiscard]] const Network& network() const;
  /// In the order of the forward pass; all zeros unless ProgramOptions::profile.
  [[nodiscard]] std::vector<StepProfile> profile() const;
  /// Of programs that share their memory, all of it.
  [[nodiscard]] ProgramMemory memory() const;

 private:
  friend std::vector<Program> make_programs(std::span<const Network> networks,
                                            const ProgramOptions& options, core::ThreadPool& pool);
  struct State;
  explicit Program(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A program per network, such as one network at several sizes, in the same memory: a forward pass
/// of one ends what another still holds, so that its backward() must have come before.
[[nodiscard]] std::vector<Program> make_programs(std::span<const Network> networks,
                                                 const ProgramOptions& options,
                                                 core::ThreadPool& pool);

}  // namespace edgeprune::nn
