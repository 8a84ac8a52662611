#pragma once
// The optimizers' inner loops: one pass over flat arrays of parameters and gradients, in place.
// Formulas and operation order follow PyTorch's torch.optim (SGD, Adam, AdamW).

#include <cstddef>

namespace edgeprune::kernels {

struct SgdUpdate {
  float learning_rate = 0;
  float momentum = 0;
  float weight_decay = 0;   // added to the gradient
  bool first_step = false;  // the momentum buffer starts as the first gradient
};
/// velocity may be null if momentum is 0.
void sgd_update(const SgdUpdate& update, const float* gradients, std::size_t count,
                float* parameters, float* velocity);

struct AdamUpdate {
  float learning_rate = 0;
  float beta1 = 0;
  float beta2 = 0;
  float epsilon = 0;
  float coupled_decay = 0;          // Adam: added to the gradient
  float decoupled_shrink = 1;       // AdamW: parameters are first multiplied by 1 - lr * decay
  float bias_correction1 = 1;       // 1 - beta1^t
  float bias_correction2_sqrt = 1;  // sqrt(1 - beta2^t)
};
void adam_update(const AdamUpdate& update, const float* gradients, std::size_t count,
                 float* parameters, float* mean, float* second_moment);

/// The sum of squares: of floats over short stretches, of doubles over these.
[[nodiscard]] double sum_of_squares(const float* values, std::size_t count);

/// velocity = momentum * velocity + gradient; returns the sum of squares of Nesterov's step,
/// gradient + momentum * velocity.
double nesterov_update(float momentum, const float* gradients, std::size_t count, float* velocity);

}  // namespace edgeprune::kernels
