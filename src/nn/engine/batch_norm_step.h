#pragma once
// Batch normalisation: it touches no pixel. Forward, it turns the moments that the step before
// gathered into the coefficients that readers apply; backward, it turns the sums that the writers
// of the gradient gathered into its own gradients and what the step before needs.

#include "step.h"

namespace edgeprune::nn {

class BatchNormStep final : public Step {
 public:
  struct Offsets {
    std::size_t weight = 0;
    std::size_t bias = 0;
    std::size_t mean = 0;
    std::size_t variance = 0;
  };
  BatchNormStep(const Operation& operation, const Offsets& offsets, Activation* activation);

  void forward(const StepContext& context, const Model& model) override;
  void update_statistics(Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  // It reads and writes the same activation, so that it hands no gradient on.
  [[nodiscard]] std::span<Input> inputs() override { return {}; }
  [[nodiscard]] Activation* output() const override { return activation_; }
  [[nodiscard]] std::string_view kind() const override { return "batch_norm"; }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  [[nodiscard]] std::size_t channels() const { return activation_->shape.channels; }
  // Frozen: it runs on its running statistics, in training too.
  [[nodiscard]] bool is_frozen() const { return activation_->moments.empty(); }
  void use_batch_statistics(const Model& model);
  void use_running_statistics(const Model& model);

  BatchNormOptions options_;
  std::string name_;
  Offsets offsets_;
  Activation* activation_;
  kernels::ChannelMoments::Deviations batch_;
  std::vector<double> inverse_deviation_;
};

}  // namespace edgeprune::nn
