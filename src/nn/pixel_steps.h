#pragma once
// The steps without a matrix product: pooling, residual sums, and writing a value out as its
// readers would see it.

#include "step.h"

#include <array>

namespace edgeprune::nn {

/// A step that reads one activation and writes another.
class OneInputStep : public Step {
 public:
  OneInputStep(Activation* in, Activation* out) : input_{in, false}, out_(out) {}
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }

 protected:
  Input input_;
  Activation* out_;
};

class MaxPoolStep final : public OneInputStep {
 public:
  MaxPoolStep(const MaxPoolOptions& options, Activation* in, Activation* out)
      : OneInputStep(in, out), options_(options) {}
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;

 private:
  MaxPoolOptions options_;
};

class AveragePoolStep final : public OneInputStep {
 public:
  using OneInputStep::OneInputStep;
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
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
class MaterialiseStep final : public OneInputStep {
 public:
  using OneInputStep::OneInputStep;
  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
};

}  // namespace edgeprune::nn
