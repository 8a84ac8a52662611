#pragma once
// The steps without a matrix product: pooling, residual sums, and writing a value out as its
// readers would see it.

#include "step.h"

#include <array>

namespace edgeprune::nn {

class MaxPoolStep final : public Step {
 public:
  MaxPoolStep(const MaxPoolOptions& options, Activation* in, Activation* out)
      : options_(options), input_{in, false}, out_(out) {}
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }

 private:
  MaxPoolOptions options_;
  Input input_;
  Activation* out_;
};

class AveragePoolStep final : public Step {
 public:
  AveragePoolStep(Activation* in, Activation* out) : input_{in, false}, out_(out) {}
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }

 private:
  Input input_;
  Activation* out_;
};

class AddStep final : public Step {
 public:
  AddStep(Activation* a, Activation* b, Activation* out)
      : inputs_{Input{a, false}, Input{b, false}}, out_(out) {}
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return inputs_; }

 private:
  std::array<Input, 2> inputs_;
  Activation* out_;
};

/// Stores transform(in) plainly, for where a second transform must follow or several readers want
/// different ones.
class MaterialiseStep final : public Step {
 public:
  MaterialiseStep(Activation* in, Activation* out) : input_{in, false}, out_(out) {}
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }

 private:
  Input input_;
  Activation* out_;
};

}  // namespace edgeprune::nn
