#include "compile.h"

#include "edgeprune/core/error.h"

#include "batch_norm_step.h"
#include "convolution_step.h"
#include "depthwise_step.h"
#include "pixel_steps.h"
#include "pointwise_step.h"
#include "winograd_step.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace edgeprune::nn {
namespace {
using kernels::ElementType;

// What a product's operands are rounded to.
ElementType product_type(Precision precision, const Activation& in, const Activation& out) {
  const bool narrow = in.type == ElementType::bf16 && out.type == ElementType::bf16;
  return precision == Precision::bf16 && narrow ? ElementType::bf16 : ElementType::f32;
}

// Logits and other vectors stay in float: they are small, and losses come from them.
ElementType stored_type(const Operation& operation, Precision precision,
                        std::span<const ElementType> earlier) {
  const ElementType narrow = precision == Precision::f32 ? ElementType::f32 : ElementType::bf16;
  const auto of_input = [&](std::size_t i) { return earlier[operation.inputs[i]]; };
  switch (operation.kind) {
    case OperationKind::input:
    case OperationKind::average_pool:
      return ElementType::f32;
    case OperationKind::convolution:
      return operation.is_linear ? ElementType::f32 : narrow;
    case OperationKind::depthwise:
      return narrow;
    case OperationKind::batch_norm:
    case OperationKind::clamp:
    case OperationKind::max_pool:
      return of_input(0);
    case OperationKind::add:
      return of_input(0) == of_input(1) ? of_input(0) : ElementType::f32;
  }
  return ElementType::f32;
}

// Tensors of this size leave the caches before they are read again.
constexpr std::size_t kStreamedBytes = std::size_t{8} << 20;

class Compiler {
 public:
  Compiler(const Network& network, const ProgramOptions& options)
      : network_(network), options_(options), types_(stored_types(network, options.precision)) {
    for (const TensorInfo& info : tensor_layout(network)) tensors_[info.name] = info;
    readers_.resize(network.operations().size());
    for (const Operation& operation : network.operations()) {
      for (const std::uint32_t id : operation.inputs) ++readers_[id];
    }
    ++readers_[network.output().id];
    // What nobody reads has no gradient that could go further back.
    for (std::size_t id = 1; id < readers_.size(); ++id) {
      if (readers_[id] > 0) continue;
      throw core::Error(core::ErrorKind::config,
                        fmt::format("operation {} of the network ({}): nothing reads it, and it is "
                                    "not the output; leave it out",
                                    id, network.operations()[id].name));
    }
  }

  CompiledNetwork compile() {
    for (std::uint32_t id = 0; id < network_.operations().size(); ++id) {
      values_.push_back(compile_operation(network_.operations()[id]));
    }
    Activation* output = values_[network_.output().id];
    if (!output->transform().is_identity() || output->type != ElementType::f32) {
      output = materialise(output, ElementType::f32);
    }
    output_ = output;
    want_gradients();
    order_gradients();
    const Operation* head = network_.head();
    Activation* features = head == nullptr ? nullptr : read(*head, 0);
    return {std::move(activations_), std::move(steps_), values_[0], output_, features};
  }

 private:
  Activation* compile_operation(const Operation& operation) {
    switch (operation.kind) {
      case OperationKind::input:
        return append_value(operation);
      case OperationKind::convolution:
        return compile_convolution(operation);
      case OperationKind::depthwise:
        return compile_depthwise(operation);
      case OperationKind::batch_norm:
        return compile_batch_norm(operation);
      case OperationKind::clamp:
        return compile_clamp(operation);
      case OperationKind::max_pool: {
        Activation* in = read(operation, 0);
        Activation* out = append_value(operation);
        steps_.push_back(std::make_unique<MaxPoolStep>(operation.max_pool, in, out));
        return out;
      }
      case OperationKind::average_pool: {
        Activation* out = append_value(operation);
        steps_.push_back(std::make_unique<AveragePoolStep>(read(operation, 0), out));
        return out;
      }
      case OperationKind::add: {
        return compile_add(operation);
      }
    }
    throw core::Error(core::ErrorKind::internal, "unknown operation");
  }

  Activation* compile_convolution(const Operation& operation) {
    Activation* in = read(operation, 0);
    Activation* out = append_value(operation);
    const ElementType products = product_type(options_.precision, *in, *out);
    const TensorInfo& weight = tensors_.at(operation.name + ".weight");
    const auto found = tensors_.find(operation.name + ".bias");
    const TensorInfo* bias = operation.bias ? &found->second : nullptr;
    if (PointwiseStep::handles(operation, in->shape)) {
      steps_.push_back(std::make_unique<PointwiseStep>(operation, weight, bias, in, out, products,
                                                       options_.max_batch));
    } else if (products == ElementType::f32 &&
               WinogradStep::handles(operation, in->shape, out->shape)) {
      steps_.push_back(
          std::make_unique<WinogradStep>(operation, weight, bias, in, out, options_.max_batch));
    } else {
      steps_.push_back(std::make_unique<ConvolutionStep>(operation, weight, bias, in, out, products,
                                                         options_.max_batch));
    }
    return out;
  }

  Activation* compile_depthwise(const Operation& operation) {
    Activation* out = append_value(operation);
    steps_.push_back(std::make_unique<DepthwiseStep>(
        operation, tensors_.at(operation.name + ".weight"), read(operation, 0), out));
    return out;
  }

  Activation* compile_add(const Operation& operation) {
    Activation* a = read(operation, 0);
    Activation* b = read(operation, 1);
    if (a->type != b->type) {
      Activation*& narrow = a->type == ElementType::bf16 ? a : b;
      narrow = materialise(narrow, ElementType::f32);
    }
    Activation* out = append_value(operation);
    steps_.push_back(std::make_unique<AddStep>(a, b, out));
    return out;
  }

  Activation* compile_batch_norm(const Operation& operation) {
    Activation* x = read(operation, 0);
    const OperationKind source = network_.operations()[operation.inputs[0]].kind;
    const bool is_product =
        source == OperationKind::convolution || source == OperationKind::depthwise;
    if (!is_product || readers_[operation.inputs[0]] > 1) x = materialise(x, x->type);
    const bool frozen = options_.freeze != Freeze::none;
    if (!frozen) {
      x->moments.resize(core::kMaxTasks);
      for (kernels::ChannelMoments& moments : x->moments) moments.reset(x->shape.channels);
    }
    if (options_.backward && !frozen) {
      x->gradient_sums.resize(core::kMaxTasks);
      for (kernels::GradientSums& sums : x->gradient_sums) sums.reset(x->shape.channels);
    }
    const auto offset = [&](const char* suffix) {
      return tensors_.at(operation.name + suffix).offset;
    };
    steps_.push_back(
        std::make_unique<BatchNormStep>(operation,
                                        BatchNormStep::Offsets{.weight = offset(".weight"),
                                                               .bias = offset(".bias"),
                                                               .mean = offset(".running_mean"),
                                                               .variance = offset(".running_var")},
                                        x));
    return x;
  }

  Activation* compile_clamp(const Operation& operation) {
    Activation* x = read(operation, 0);
    const bool shared = readers_[operation.inputs[0]] > 1 || operation.inputs[0] == 0;
    if (shared || x->transform().is_clamped()) x = materialise(x, x->type);
    x->low = operation.low;
    x->high = operation.high;
    return x;
  }

  Activation* materialise(Activation* x, ElementType type) {
    Activation* out = append_activation(x->shape, type);
    steps_.push_back(std::make_unique<MaterialiseStep>(x, out));
    return out;
  }

  Activation* append_value(const Operation& operation) {
    return append_activation(operation.shape, types_[values_.size()]);
  }

  Activation* append_activation(const Shape& shape, ElementType type) {
    activations_.push_back(std::make_unique<Activation>());
    Activation& activation = *activations_.back();
    activation.shape = shape;
    activation.type = type;
    activation.stream =
        shape.num_values() * options_.max_batch * kernels::size_of(type) >= kStreamedBytes &&
        kernels::may_stream(type, shape.channels);
    return &activation;
  }

  // What a step must hand on: all but the network's input, or, with a frozen backbone, nothing
  // below the head.
  void want_gradients() {
    if (!options_.backward) return;
    const Operation* head = network_.head();
    if (head == nullptr && options_.freeze == Freeze::backbone) {
      throw core::Error(core::ErrorKind::config,
                        "a network without a last linear layer has no head to train above a frozen "
                        "backbone; freeze nothing or the batch norms");
    }
    bool below_head = options_.freeze == Freeze::backbone;
    for (const auto& step : steps_) {
      if (head != nullptr && step->output() == values_[network_.output().id]) below_head = false;
      step->output()->wants_gradient = !below_head;
    }
  }

  [[nodiscard]] Activation* read(const Operation& operation, std::size_t input) const {
    return values_[operation.inputs[input]];
  }

  // Backward, the last reader of an activation writes its gradient, earlier ones add to it, and the
  // first completes it.
  void order_gradients() {
    // The logits' gradient comes from outside: whoever else reads them adds to it.
    std::set<const Activation*> written = {output_};
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      for (Step::Input& input : (*step)->inputs()) {
        input.accumulate = !written.insert(input.activation).second;
      }
    }
    std::set<const Activation*> completed;
    for (const auto& step : steps_) {
      const std::span<Step::Input> inputs = step->inputs();
      for (auto input = inputs.rbegin(); input != inputs.rend(); ++input) {
        input->completes = completed.insert(input->activation).second;
      }
    }
  }

  const Network& network_;
  ProgramOptions options_;
  std::vector<ElementType> types_;  // of the operations' values
  std::map<std::string, TensorInfo> tensors_;
  std::vector<std::unique_ptr<Activation>> activations_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::vector<std::uint32_t> readers_;
  std::vector<Activation*> values_;
  Activation* output_ = nullptr;
};

}  // namespace

std::vector<ElementType> stored_types(const Network& network, Precision precision) {
  std::vector<ElementType> types;
  for (const Operation& operation : network.operations()) {
    types.push_back(stored_type(operation, precision, types));
  }
  return types;
}

CompiledNetwork compile(const Network& network, const ProgramOptions& options) {
  return Compiler(network, options).compile();
}

}  // namespace edgeprune::nn
