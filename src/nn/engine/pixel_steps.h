#pragma once
// The steps without a matrix product: pooling, residual sums, and writing a value out as its
// readers would see it.

#include "step.h"

#include <array>

namespace edgeprune::nn {

/// A step that reads one activation and writes another.
class OneInputStep : public Step {
 public:
  OneInputStep(Activation* in, Activation* out) : input_{.activation = in}, out_(out) {}
  [[nodiscard]] std::span<Input> inputs() override { return {&input_, 1}; }
  [[nodiscard]] Activation* output() const override { return out_; }

 protected:
  Input input_;
  Activation* out_;
};

class MaxPoolStep final : public OneInputStep {
 public:
  MaxPoolStep(const MaxPoolOptions& options, Activation* in, Activation* out)
      : OneInputStep(in, out), options_(options) {}
  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  // It looks for the maximum again.
  [[nodiscard]] Access access() const override {
    return {.backward_reads_inputs = true, .backward_reads_output = true};
  }
  [[nodiscard]] std::string_view kind() const override { return "max_pool"; }

 private:
  MaxPoolOptions options_;
};

class AveragePoolStep final : public OneInputStep {
 public:
  using OneInputStep::OneInputStep;
  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  [[nodiscard]] std::string_view kind() const override { return "global_average_pool"; }
};

class AddStep final : public Step {
 public:
  AddStep(Activation* a, Activation* b, Activation* out)
      : inputs_{Input{.activation = a}, Input{.activation = b}}, out_(out) {}
  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] std::span<Input> inputs() override { return inputs_; }
  [[nodiscard]] Activation* output() const override { return out_; }
  [[nodiscard]] std::string_view kind() const override { return "add"; }

 private:
  std::array<Input, 2> inputs_;
  Activation* out_;
};

/// Stores transform(in) plainly, for where a second transform must follow, several readers want
/// different ones, or another element type is wanted.
class MaterialiseStep final : public OneInputStep {
 public:
  using OneInputStep::OneInputStep;
  void forward(const StepContext& context, const Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  [[nodiscard]] ScratchNeeds scratch_needs() const override;
  [[nodiscard]] std::string_view kind() const override { return "materialise"; }
};

}  // namespace edgeprune::nn
