#pragma once
// Batch normalisation: it touches no pixel. Forward, it turns the moments that the step before
// gathered into the coefficients that readers apply; backward, it reduces the gradient to the two
// sums that its own parameters and the step before need.

#include "step.h"

namespace edgeprune::nn {

class BatchNormStep final : public Step {
 public:
  /// weight and running_mean are followed by bias and running_var in the layout.
  BatchNormStep(const Operation& operation, std::size_t weight_offset, std::size_t bias_offset,
                std::size_t mean_offset, std::size_t variance_offset, Activation* activation);

  void forward(const StepContext& context, Model& model) override;
  void backward(const StepContext& context, const Model& model,
                std::span<float> gradients) override;
  // It reads and writes the same activation, so that it hands no gradient on.
  [[nodiscard]] std::span<Input> inputs() override { return {}; }
  [[nodiscard]] ScratchNeeds scratch_needs() const override { return {.sums = 2 * channels()}; }

 private:
  [[nodiscard]] std::size_t channels() const { return activation_->shape.channels; }
  void use_batch_statistics(Model& model);
  void use_running_statistics(const Model& model);
  void reduce_gradient(const StepContext& context);

  BatchNormOptions options_;
  std::string name_;
  std::size_t weight_offset_;
  std::size_t bias_offset_;
  std::size_t mean_offset_;
  std::size_t variance_offset_;
  Activation* activation_;
  std::vector<double> inverse_deviation_;
  std::vector<double> sum_g_, sum_gx_;
};

}  // namespace edgeprune::nn
