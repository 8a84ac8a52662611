#pragma once
// A network as a description: named operations on values, nothing computed yet.
//
//   Network net({.height = 28, .width = 28, .channels = 1});
//   Value x = net.input();
//   x = net.convolution("conv1", x, {.out_channels = 32, .kernel = 3, .padding = 1});
//   x = net.batch_norm("bn1", x);
//   x = net.relu(x);
//   x = net.global_average_pool(x);
//   net.set_output(net.linear("fc", x, 10));
//
// Shapes are inferred as the network is built; one that does not fit is an Error of kind config
// that names the operation. A Program (program.h) runs the description. Names are those of the
// parameters in model files: "conv1.weight", "bn1.running_mean", "fc.bias".

#include "edgeprune/core/sample_shape.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::nn {

/// Of one sample; activations are NHWC.
using Shape = core::SampleShape;

/// A handle to what an operation computes, valid in the network that made it (unchecked).
struct Value {
  std::uint32_t id = 0;
};

/// Two numbers along an image's axes; one number stands for both: `.kernel = 3`,
/// `.kernel = {1, 9}`.
struct Extent {
  std::uint32_t height = 0;
  std::uint32_t width = 0;

  constexpr Extent(std::uint32_t both) : height(both), width(both) {}
  constexpr Extent(std::uint32_t h, std::uint32_t w) : height(h), width(w) {}
  bool operator==(const Extent&) const = default;
};

struct ConvolutionOptions {
  std::uint32_t out_channels = 0;
  Extent kernel = 1;
  Extent stride = 1;
  Extent padding = 0;  // zeros on every side, at most kernel - 1
  bool bias = false;
};

/// As many output channels as input channels, each with a kernel of its own.
struct DepthwiseOptions {
  Extent kernel = 3;
  Extent stride = 1;
  Extent padding = 0;  // zeros on every side, at most kernel - 1
};

struct BatchNormOptions {
  float epsilon = 1e-5f;
  float momentum = 0.1f;  // weight of the newest batch in the running statistics
};

struct MaxPoolOptions {
  Extent window = 2;
  Extent stride = 2;
  Extent padding = 0;  // less than window; never a maximum
};

enum class OperationKind {
  input,
  convolution,
  depthwise,
  batch_norm,
  clamp,
  max_pool,
  average_pool,
  add
};

/// One operation. `linear` is a convolution whose kernel covers the whole input.
struct Operation {
  OperationKind kind = OperationKind::input;
  std::string_view layer = "input";   // what it is called for people: "linear", "relu6", ...
  std::string name;                   // empty where the operation holds no parameters
  std::vector<std::uint32_t> inputs;  // ids of values
  Shape shape;                        // of what it computes
  // convolution, depthwise
  Extent kernel = 1;
  Extent stride = 1;
  Extent padding = 0;
  bool bias = false;
  bool is_linear = false;
  // the other kinds
  BatchNormOptions batch_norm;
  MaxPoolOptions max_pool;
  float low = 0;  // clamp: ReLU is [0, inf), ReLU6 [0, 6]
  float high = 0;
};

/// What training leaves as it is. All but `none` freeze every batch norm. A frozen batch norm
/// normalises with its running statistics, as in evaluation, and updates neither them nor its
/// weight and bias.
enum class Freeze {
  none,
  backbone,    // all but the head (Network::head), batch norms included
  batch_norm,  // every batch norm, nothing else
};

/// Operations keep the order in which they were added; each named one needs a name of its own.
class Network {
 public:
  explicit Network(const Shape& input);

  [[nodiscard]] Value input() const { return {0}; }
  Value convolution(const std::string& name, Value x, const ConvolutionOptions& options);
  Value depthwise(const std::string& name, Value x, const DepthwiseOptions& options = {});
  Value linear(const std::string& name, Value x, std::uint32_t out_features, bool bias = true);
  Value batch_norm(const std::string& name, Value x, const BatchNormOptions& options = {});
  Value relu(Value x);
  Value relu6(Value x);
  Value max_pool(Value x, const MaxPoolOptions& options = {});
  Value global_average_pool(Value x);
  /// The residual sum of two values of the same shape.
  Value add(Value a, Value b);
  /// The logits: a 1 x 1 x classes value. Until it is called, the newest value is the output. A
  /// program refuses a network with a value that is neither read nor the output (Error, config).
  void set_output(Value x);

  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }
  [[nodiscard]] const Shape& shape(Value x) const { return operations_[x.id].shape; }
  [[nodiscard]] Value output() const { return output_; }
  [[nodiscard]] std::uint32_t num_classes() const { return shape(output_).channels; }
  [[nodiscard]] bool has_batch_norm() const;
  /// The linear layer that computes the logits, or nullptr where something else does.
  [[nodiscard]] const Operation* head() const;
  /// The values of one sample that the head reads, its features; 0 without a head.
  [[nodiscard]] std::size_t num_features() const;
  /// The same operations, and so the same parameters, on samples of another size. A layer whose
  /// weights depend on the size (a linear layer that reads more than one pixel), or whose window
  /// does not fit, is an Error of kind config that names it; so is another number of channels.
  [[nodiscard]] Network resized(const Shape& input) const;

  /// Work of one of operations() for one sample, by definition, however the engine goes about it.
  /// Multiply-adds count as two. Forward is the products of a convolution (depthwise too) or linear
  /// layer, borders included, and 0 for the other kinds; backward is twice that,
  /// less the data gradients that nobody needs: those of the network's input, and with a frozen
  /// backbone all. Frozen layers' weight gradients are not made.
  [[nodiscard]] double forward_flops(const Operation& operation) const;
  [[nodiscard]] double backward_flops(const Operation& operation,
                                      Freeze freeze = Freeze::none) const;
  /// The sums of these over all operations.
  [[nodiscard]] double forward_flops_per_sample() const;
  [[nodiscard]] double backward_flops_per_sample(Freeze freeze = Freeze::none) const;
  /// c(theta): forward and backward work for one sample.
  [[nodiscard]] double flops_per_sample(Freeze freeze = Freeze::none) const {
    return forward_flops_per_sample() + backward_flops_per_sample(freeze);
  }

 private:
  Value append(Operation operation);
  [[nodiscard]] Shape shape_of(const Operation& operation) const;
  Value clamp(std::string_view layer, Value x, float low, float high);

  std::vector<Operation> operations_;
  Value output_;
};

/// Of the operations, their shapes and the classes: networks that compute alike have the same,
/// whatever they and their layers are called. Files hold it: the text behind it never changes.
[[nodiscard]] std::string network_hash(const Network& network);

}  // namespace edgeprune::nn
