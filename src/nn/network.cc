#include "edgeprune/nn/network.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace edgeprune::nn {
namespace {

[[noreturn]] void reject(const std::string& operation, const std::string& what) {
  throw core::Error(core::ErrorKind::config, fmt::format("layer {}: {}", operation, what));
}

std::uint32_t window_positions(const std::string& operation, std::uint32_t extent,
                               std::uint32_t window, std::uint32_t stride, std::uint32_t padding) {
  if (window == 0 || stride == 0) reject(operation, "window and stride must be at least 1");
  if (padding >= window) {
    reject(operation,
           fmt::format("padding {} must be less than the window of {}", padding, window));
  }
  if (extent + 2 * padding < window) {
    reject(operation,
           fmt::format("a window of {} does not fit {} pixels with padding {}; use larger "
                       "images or a smaller network",
                       window, extent, padding));
  }
  return (extent + 2 * padding - window) / stride + 1;
}

// Height and width of what a sliding window leaves of an image.
Shape windowed(const std::string& operation, const Shape& in, Extent window, Extent stride,
               Extent padding, std::uint32_t channels) {
  return {window_positions(operation, in.height, window.height, stride.height, padding.height),
          window_positions(operation, in.width, window.width, stride.width, padding.width),
          channels};
}

bool has_products(const Operation& operation) {
  return operation.kind == OperationKind::convolution || operation.kind == OperationKind::depthwise;
}

double products_per_sample(const Operation& operation, const Shape& input) {
  const double channels_read =
      operation.kind == OperationKind::depthwise ? 1.0 : static_cast<double>(input.channels);
  return 2.0 * static_cast<double>(operation.shape.num_values()) * operation.kernel.height *
         operation.kernel.width * channels_read;
}

std::string text_of(const Operation& operation) {
  std::string text =
      fmt::format("{} {} {} {} | {} {} | {} {} | {} {} | {} {} | {} {} | {} {} {} {} {} {} |",
                  static_cast<int>(operation.kind), operation.shape.height, operation.shape.width,
                  operation.shape.channels, operation.kernel.height, operation.kernel.width,
                  operation.stride.height, operation.stride.width, operation.padding.height,
                  operation.padding.width, operation.bias, operation.is_linear, operation.low,
                  operation.high, operation.max_pool.window.height, operation.max_pool.window.width,
                  operation.max_pool.stride.height, operation.max_pool.stride.width,
                  operation.max_pool.padding.height, operation.max_pool.padding.width);
  for (const std::uint32_t input : operation.inputs) text += fmt::format(" {}", input);
  return text + "\n";
}

}  // namespace

Network::Network(const Shape& input) {
  if (input.num_values() == 0) reject("input", "the shape of a sample is empty");
  append({.kind = OperationKind::input, .shape = input});
}

Value Network::append(Operation operation) {
  for (const Operation& other : operations_) {
    if (!operation.name.empty() && other.name == operation.name) {
      reject(operation.name, "the name is taken by another operation; give each its own");
    }
  }
  operations_.push_back(std::move(operation));
  output_ = {static_cast<std::uint32_t>(operations_.size() - 1)};
  return output_;
}

Value Network::convolution(const std::string& name, Value x, const ConvolutionOptions& options) {
  if (options.out_channels == 0) reject(name, "out_channels must be at least 1");
  return append({.kind = OperationKind::convolution,
                 .layer = "convolution",
                 .name = name,
                 .inputs = {x.id},
                 .shape = windowed(name, shape(x), options.kernel, options.stride, options.padding,
                                   options.out_channels),
                 .kernel = options.kernel,
                 .stride = options.stride,
                 .padding = options.padding,
                 .bias = options.bias});
}

Value Network::depthwise(const std::string& name, Value x, const DepthwiseOptions& options) {
  return append({.kind = OperationKind::depthwise,
                 .layer = "depthwise",
                 .name = name,
                 .inputs = {x.id},
                 .shape = windowed(name, shape(x), options.kernel, options.stride, options.padding,
                                   shape(x).channels),
                 .kernel = options.kernel,
                 .stride = options.stride,
                 .padding = options.padding});
}

Value Network::linear(const std::string& name, Value x, std::uint32_t out_features, bool bias) {
  if (out_features == 0) reject(name, "out_features must be at least 1");
  const Shape& in = shape(x);
  return append({.kind = OperationKind::convolution,
                 .layer = "linear",
                 .name = name,
                 .inputs = {x.id},
                 .shape = {1, 1, out_features},
                 .kernel = {in.height, in.width},
                 .bias = bias,
                 .is_linear = true});
}

Value Network::batch_norm(const std::string& name, Value x, const BatchNormOptions& options) {
  return append({.kind = OperationKind::batch_norm,
                 .layer = "batch_norm",
                 .name = name,
                 .inputs = {x.id},
                 .shape = shape(x),
                 .batch_norm = options});
}

Value Network::clamp(std::string_view layer, Value x, float low, float high) {
  return append({.kind = OperationKind::clamp,
                 .layer = layer,
                 .inputs = {x.id},
                 .shape = shape(x),
                 .low = low,
                 .high = high});
}

Value Network::relu(Value x) {
  return clamp("relu", x, 0.0f, std::numeric_limits<float>::infinity());
}
Value Network::relu6(Value x) {
  return clamp("relu6", x, 0.0f, 6.0f);
}

Value Network::max_pool(Value x, const MaxPoolOptions& options) {
  return append({.kind = OperationKind::max_pool,
                 .layer = "max_pool",
                 .inputs = {x.id},
                 .shape = windowed("max_pool", shape(x), options.window, options.stride,
                                   options.padding, shape(x).channels),
                 .max_pool = options});
}

Value Network::global_average_pool(Value x) {
  return append({.kind = OperationKind::average_pool,
                 .layer = "global_average_pool",
                 .inputs = {x.id},
                 .shape = {1, 1, shape(x).channels}});
}

Value Network::add(Value a, Value b) {
  if (shape(a) != shape(b)) {
    reject("add", fmt::format("the values are {}x{}x{} and {}x{}x{}; they must be alike",
                              shape(a).height, shape(a).width, shape(a).channels, shape(b).height,
                              shape(b).width, shape(b).channels));
  }
  return append(
      {.kind = OperationKind::add, .layer = "add", .inputs = {a.id, b.id}, .shape = shape(a)});
}

void Network::set_output(Value x) {
  if (shape(x).num_pixels() != 1) {
    reject("output", fmt::format("logits must be 1 x 1 x classes, not {} x {}; pool or use linear",
                                 shape(x).height, shape(x).width));
  }
  output_ = x;
}

bool Network::has_batch_norm() const {
  return std::any_of(operations_.begin(), operations_.end(), [](const Operation& operation) {
    return operation.kind == OperationKind::batch_norm;
  });
}

const Operation* Network::head() const {
  const Operation& last = operations_[output_.id];
  return last.is_linear ? &last : nullptr;
}

std::size_t Network::num_features() const {
  return head() == nullptr ? 0 : operations_[head()->inputs[0]].shape.num_values();
}

Network Network::resized(const Shape& to) const {
  if (to.channels != shape(input()).channels) {
    reject("input",
           fmt::format("{} channels cannot become {}", shape(input()).channels, to.channels));
  }
  Network network(to);
  for (std::size_t i = 1; i < operations_.size(); ++i) {
    Operation operation = operations_[i];
    operation.shape = network.shape_of(operation);
    network.append(std::move(operation));
  }
  network.output_ = output_;
  return network;
}

// Of what an operation makes of inputs that are in this network already.
Shape Network::shape_of(const Operation& operation) const {
  const Shape& in = operations_[operation.inputs[0]].shape;
  const std::string& name = operation.name.empty() ? std::string(operation.layer) : operation.name;
  if (operation.is_linear) {
    if (operation.kernel == Extent(in.height, in.width)) return operation.shape;
    reject(name, fmt::format("a linear layer of {} x {} pixels cannot read {} x {}; only networks "
                             "that pool all pixels before it suit several sizes",
                             operation.kernel.height, operation.kernel.width, in.height, in.width));
  }
  switch (operation.kind) {
    case OperationKind::convolution:
    case OperationKind::depthwise:
      return windowed(name, in, operation.kernel, operation.stride, operation.padding,
                      operation.shape.channels);
    case OperationKind::max_pool:
      return windowed(name, in, operation.max_pool.window, operation.max_pool.stride,
                      operation.max_pool.padding, in.channels);
    case OperationKind::average_pool:
      return {1, 1, in.channels};
    case OperationKind::input:
    case OperationKind::batch_norm:
    case OperationKind::clamp:
    case OperationKind::add:
      break;
  }
  return in;
}

double Network::forward_flops(const Operation& operation) const {
  if (!has_products(operation)) return 0;
  return products_per_sample(operation, operations_[operation.inputs[0]].shape);
}

double Network::backward_flops(const Operation& operation, Freeze freeze) const {
  const double products = forward_flops(operation);
  if (products == 0) return 0;
  if (freeze == Freeze::backbone) return &operation == head() ? products : 0;
  return operation.inputs[0] == input().id ? products : 2 * products;
}

double Network::forward_flops_per_sample() const {
  double flops = 0;
  for (const Operation& operation : operations_) flops += forward_flops(operation);
  return flops;
}

double Network::backward_flops_per_sample(Freeze freeze) const {
  double flops = 0;
  for (const Operation& operation : operations_) flops += backward_flops(operation, freeze);
  return flops;
}

std::string network_hash(const Network& network) {
  core::Hasher hasher;
  for (const Operation& operation : network.operations()) hasher.add(text_of(operation));
  hasher.add(fmt::format("output {}", network.output().id));
  return hasher.hex();
}

}  // namespace edgeprune::nn
