#pragma once
// How an optimizer (optimizer.h) updates parameters.

#include <cstdint>
#include <memory>

namespace edgeprune::nn {

enum class OptimizerKind { sgd, adam, adamw, muon };

class UpdateRule;  // one's own, optimizer.h

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  std::shared_ptr<const UpdateRule> rule;  // one's own, in place of `kind`; null: `kind`
  float momentum = 0.9f;                   // sgd; 0: none
  float beta1 = 0.9f;                      // adam, adamw, muon
  float beta2 = 0.999f;                    // adam, adamw, muon
  float epsilon = 1e-8f;                   // adam, adamw, muon
  float weight_decay = 0;  // sgd, adam: added to the gradient; adamw, muon: decoupled
  float muon_momentum = 0.6f;
  std::uint32_t muon_iterations = 3;
  bool muon_keeps_norm = true;
  float muon_learning_rate_factor = 6.25f;  // of the matrices' rate: 0.1 where the rest has 0.016
  std::uint32_t muon_max_size = 128;        // of a matrix' smaller side; 0: no limit
  // Of any kind and rule, made from a network: of the rates of these parameters.
  float head_learning_rate_factor = 1;  // the head's weight and bias
  float norm_learning_rate_factor = 1;  // batch norms' weights and biases
};

}  // namespace edgeprune::nn
