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

#include <cstdint>
#include <string>
#include <vector>

namespace edgeprune::nn {

/// Height x width x channels of one sample; activations are NHWC. A vector of F values is {1, 1,
/// F}.
struct Shape {
  std::uint32_t height = 1;
  std::uint32_t width = 1;
  std::uint32_t channels = 1;

  [[nodiscard]] std::size_t num_pixels() const { return std::size_t{height} * width; }
  [[nodiscard]] std::size_t num_values() const { return num_pixels() * channels; }
  bool operator==(const Shape&) const = default;
};

/// A handle to what an operation computes, valid in the network that made it.
struct Value {
  std::uint32_t id = 0;
};

struct ConvolutionOptions {
  std::uint32_t out_channels = 0;
  std::uint32_t kernel = 1;
  std::uint32_t stride = 1;
  std::uint32_t padding = 0;  // zeros on every side, at most kernel - 1
  bool bias = false;
};

struct BatchNormOptions {
  float epsilon = 1e-5f;
  float momentum = 0.1f;  // weight of the newest batch in the running statistics
};

struct MaxPoolOptions {
  std::uint32_t window = 2;
  std::uint32_t stride = 2;
  std::uint32_t padding = 0;  // less than window
};

enum class OperationKind { input, convolution, batch_norm, clamp, max_pool, average_pool, add };

/// One operation. `linear` is a convolution whose kernel covers the whole input.
struct Operation {
  OperationKind kind = OperationKind::input;
  std::string name;                   // empty where the operation holds no parameters
  std::vector<std::uint32_t> inputs;  // ids of values
  Shape shape;                        // of what it computes
  // convolution
  std::uint32_t kernel_height = 1;
  std::uint32_t kernel_width = 1;
  std::uint32_t stride = 1;
  std::uint32_t padding = 0;
  bool bias = false;
  bool is_linear = false;
  // the other kinds
  BatchNormOptions batch_norm;
  MaxPoolOptions max_pool;
  float low = 0;  // clamp: ReLU is [0, inf), ReLU6 [0, 6]
  float high = 0;
};

class Network {
 public:
  explicit Network(const Shape& input);

  [[nodiscard]] Value input() const { return {0}; }
  Value convolution(const std::string& name, Value x, const ConvolutionOptions& options);
  Value linear(const std::string& name, Value x, std::uint32_t out_features, bool bias = true);
  Value batch_norm(const std::string& name, Value x, const BatchNormOptions& options = {});
  Value relu(Value x);
  Value relu6(Value x);
  Value max_pool(Value x, const MaxPoolOptions& options = {});
  Value global_average_pool(Value x);
  /// The residual sum of two values of the same shape.
  Value add(Value a, Value b);
  /// The logits: a 1 x 1 x classes value.
  void set_output(Value x);

  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }
  [[nodiscard]] const Shape& shape(Value x) const { return operations_[x.id].shape; }
  [[nodiscard]] Value output() const { return output_; }
  [[nodiscard]] std::uint32_t num_classes() const { return shape(output_).channels; }
  [[nodiscard]] bool has_batch_norm() const;

  /// Multiply-adds count as two. Forward is every convolution's and linear layer's products;
  /// backward is twice that, less the first layer's unneeded data gradient.
  [[nodiscard]] double forward_flops_per_sample() const;
  [[nodiscard]] double backward_flops_per_sample() const;
  /// c(theta): forward and backward work for one sample.
  [[nodiscard]] double flops_per_sample() const {
    return forward_flops_per_sample() + backward_flops_per_sample();
  }

 private:
  Value append(Operation operation);
  Value clamp(Value x, float low, float high);

  std::vector<Operation> operations_;
  Value output_;
};

}  // namespace edgeprune::nn
