#include "edgeprune/nn/program.h"

#include "edgeprune/core/error.h"
#include "edgeprune/kernels/target.h"

#include "batch_norm_step.h"
#include "convolution_step.h"
#include "pixel_steps.h"
#include "step.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace edgeprune::nn {

struct Program::State {
  State(const Network& described, const ProgramOptions& given, core::ThreadPool& threads)
      : network(described), options(given), pool(threads) {}

  Network network;
  ProgramOptions options;
  core::ThreadPool& pool;
  core::AlignedBuffer arena;
  std::vector<std::unique_ptr<Activation>> activations;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<ThreadScratch> scratch;
  Activation* input = nullptr;
  Activation* output = nullptr;
  std::uint32_t batch = 0;

  [[nodiscard]] StepContext context(Mode mode) {
    return {.batch = batch, .mode = mode, .pool = pool, .scratch = scratch};
  }
};

namespace {

// Turns the operations into activations and steps. Batch norms and clamps are folded into the
// activation they follow, where nobody else reads it untransformed; elsewhere the value is first
// written out.
class Compiler {
 public:
  Compiler(const Network& network, const ProgramOptions& options, int num_threads)
      : network_(network), options_(options), num_threads_(num_threads) {
    for (const TensorInfo& info : tensor_layout(network)) tensors_[info.name] = info;
    readers_.resize(network.operations().size());
    for (const Operation& operation : network.operations()) {
      for (const std::uint32_t id : operation.inputs) ++readers_[id];
    }
    ++readers_[network.output().id];
  }

  // Lays out memory first, so that steps see where their gradients are.
  void compile() {
    for (std::uint32_t id = 0; id < network_.operations().size(); ++id) {
      values_.push_back(compile_operation(network_.operations()[id]));
    }
    Activation* output = values_[network_.output().id];
    if (output->is_normalised() || output->is_clamped()) output = materialise(output);
    output_ = output;
    order_gradients();
  }

  std::vector<std::unique_ptr<Activation>> activations;
  std::vector<std::unique_ptr<Step>> steps;
  [[nodiscard]] Activation* input() const { return values_[0]; }
  [[nodiscard]] Activation* output() const { return output_; }

 private:
  Activation* compile_operation(const Operation& operation) {
    switch (operation.kind) {
      case OperationKind::input:
        return append_activation(operation.shape);
      case OperationKind::convolution:
        return compile_convolution(operation);
      case OperationKind::batch_norm:
        return compile_batch_norm(operation);
      case OperationKind::clamp:
        return compile_clamp(operation);
      case OperationKind::max_pool: {
        Activation* out = append_activation(operation.shape);
        steps.push_back(std::make_unique<MaxPoolStep>(operation.max_pool, read(operation, 0), out));
        return out;
      }
      case OperationKind::average_pool: {
        Activation* out = append_activation(operation.shape);
        steps.push_back(std::make_unique<AveragePoolStep>(read(operation, 0), out));
        return out;
      }
      case OperationKind::add: {
        Activation* out = append_activation(operation.shape);
        steps.push_back(std::make_unique<AddStep>(read(operation, 0), read(operation, 1), out));
        return out;
      }
    }
    throw core::Error(core::ErrorKind::internal, "unknown operation");
  }

  Activation* compile_convolution(const Operation& operation) {
    Activation* out = append_activation(operation.shape);
    const auto bias = tensors_.find(operation.name + ".bias");
    steps.push_back(std::make_unique<ConvolutionStep>(
        operation, tensors_.at(operation.name + ".weight"),
        operation.bias ? &bias->second : nullptr, read(operation, 0), out, options_.max_batch,
        num_threads_));
    return out;
  }

  Activation* compile_batch_norm(const Operation& operation) {
    Activation* x = read(operation, 0);
    const OperationKind source = network_.operations()[operation.inputs[0]].kind;
    if (source != OperationKind::convolution || readers_[operation.inputs[0]] > 1) {
      x = materialise(x);
    }
    x->moments.resize(static_cast<std::size_t>(num_threads_));
    const auto offset = [&](const char* suffix) {
      return tensors_.at(operation.name + suffix).offset;
    };
    steps.push_back(std::make_unique<BatchNormStep>(operation, offset(".weight"), offset(".bias"),
                                                    offset(".running_mean"), offset(".running_var"),
                                                    x));
    return x;
  }

  Activation* compile_clamp(const Operation& operation) {
    Activation* x = read(operation, 0);
    const bool shared = readers_[operation.inputs[0]] > 1 || operation.inputs[0] == 0;
    if (shared || x->is_clamped()) x = materialise(x);
    x->low = operation.low;
    x->high = operation.high;
    return x;
  }

  Activation* materialise(Activation* x) {
    Activation* out = append_activation(x->shape);
    steps.push_back(std::make_unique<MaterialiseStep>(x, out));
    return out;
  }

  Activation* append_activation(const Shape& shape) {
    activations.push_back(std::make_unique<Activation>());
    activations.back()->shape = shape;
    // Any address but null says "wanted" until memory is laid out; the input wants none.
    if (options_.backward && activations.size() > 1) activations.back()->gradient = &wanted_;
    return activations.back().get();
  }

  [[nodiscard]] Activation* read(const Operation& operation, std::size_t input) const {
    return values_[operation.inputs[input]];
  }

  // Backward, the last reader of an activation writes its gradient, earlier ones add to it.
  void order_gradients() {
    // The logits' gradient comes from outside: whoever else reads them adds to it.
    std::set<const Activation*> written = {output_};
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      for (Step::Input& input : (*step)->inputs()) {
        input.accumulate = !written.insert(input.activation).second;
      }
    }
  }

  const Network& network_;
  ProgramOptions options_;
  int num_threads_;
  std::map<std::string, TensorInfo> tensors_;
  std::vector<std::uint32_t> readers_;
  std::vector<Activation*> values_;
  Activation* output_ = nullptr;
  float wanted_ = 0;
};

std::size_t rounded_to_line(std::size_t floats) {
  constexpr std::size_t kLine = core::AlignedBuffer::kAlignmentBytes / sizeof(float);
  return (floats + kLine - 1) / kLine * kLine;
}

std::size_t activation_floats(const Activation& activation, std::uint32_t max_batch) {
  return rounded_to_line(activation.shape.num_values() * max_batch);
}

// Sums what all activations and gradients take, allocates once, and hands out addresses.
core::AlignedBuffer lay_out(std::span<const std::unique_ptr<Activation>> activations,
                            std::uint32_t max_batch) {
  std::size_t total = 0;
  for (const auto& activation : activations.subspan(1)) {
    total += activation_floats(*activation, max_batch) * (activation->gradient != nullptr ? 2 : 1);
  }
  core::AlignedBuffer arena(total);
  float* next = arena.data();
  for (const auto& activation : activations.subspan(1)) {
    activation->writable = next;
    activation->values = next;
    next += activation_floats(*activation, max_batch);
    if (activation->gradient == nullptr) continue;
    activation->gradient = next;
    next += activation_floats(*activation, max_batch);
  }
  return arena;
}

std::vector<ThreadScratch> make_scratch(std::span<const std::unique_ptr<Step>> steps, bool backward,
                                        int num_threads) {
  ScratchNeeds most;
  for (const auto& step : steps) {
    const ScratchNeeds needs = step->scratch_needs();
    most.patch = std::max(most.patch, needs.patch);
    most.gradient_rows = std::max(most.gradient_rows, needs.gradient_rows);
    most.weight_gradient = std::max(most.weight_gradient, needs.weight_gradient);
    most.rows = std::max(most.rows, needs.rows);
    most.sums = std::max(most.sums, needs.sums);
  }
  std::vector<ThreadScratch> scratch(static_cast<std::size_t>(num_threads));
  for (ThreadScratch& thread : scratch) {
    thread.patch = core::AlignedBuffer(most.patch);
    thread.rows.resize(most.rows);
    thread.sums.resize(most.sums);
    if (!backward) continue;
    thread.gradient_rows = core::AlignedBuffer(most.gradient_rows);
    thread.weight_gradient = core::AlignedBuffer(most.weight_gradient);
  }
  return scratch;
}

}  // namespace

Program::Program(const Network& network, const ProgramOptions& options, core::ThreadPool& pool)
    : state_(std::make_unique<State>(network, options, pool)) {
  Compiler compiler(state_->network, options, pool.size());
  compiler.compile();
  state_->activations = std::move(compiler.activations);
  state_->steps = std::move(compiler.steps);
  state_->input = compiler.input();
  state_->output = compiler.output();
  state_->arena = lay_out(state_->activations, options.max_batch);
  state_->scratch = make_scratch(state_->steps, options.backward, pool.size());
}

std::string simd_target() {
  return kernels::simd_target();
}

Program::~Program() = default;
Program::Program(Program&&) noexcept = default;

const Network& Program::network() const {
  return state_->network;
}

std::size_t Program::memory_bytes() const {
  std::size_t floats = state_->arena.size();
  for (const ThreadScratch& thread : state_->scratch) {
    floats += thread.patch.size() + thread.gradient_rows.size() + thread.weight_gradient.size();
  }
  return floats * sizeof(float);
}

std::span<const float> Program::forward(Model& model, std::span<const float> images,
                                        std::uint32_t batch, Mode mode) {
  State& state = *state_;
  if (batch == 0 || batch > state.options.max_batch ||
      images.size() != batch * state.input->shape.num_values()) {
    throw core::Error(
        core::ErrorKind::internal,
        fmt::format("a batch of {} ({} values) does not fit a program for {} of {}", batch,
                    images.size(), state.options.max_batch, state.input->shape.num_values()));
  }
  state.batch = batch;
  state.input->values = images.data();
  for (const auto& step : state.steps) step->forward(state.context(mode), model);
  if (mode == Mode::training) ++model.num_batches_tracked;
  return {state.output->values, batch * std::size_t{state.output->shape.channels}};
}

void Program::backward(const Model& model, std::span<const float> logit_gradients,
                       std::span<float> gradients) {
  State& state = *state_;
  const std::size_t num_logits = state.batch * std::size_t{state.output->shape.channels};
  if (!state.options.backward || logit_gradients.size() != num_logits ||
      gradients.size() != model.parameters.size()) {
    throw core::Error(
        core::ErrorKind::internal,
        fmt::format("backward() of {} logit gradients for {} logits, {} gradients for "
                    "{} parameters",
                    logit_gradients.size(), num_logits, gradients.size(), model.parameters.size()));
  }
  std::copy(logit_gradients.begin(), logit_gradients.end(), state.output->gradient);
  for (auto step = state.steps.rbegin(); step != state.steps.rend(); ++step) {
    (*step)->backward(state.context(Mode::training), model, gradients);
  }
}

}  // namespace edgeprune::nn
