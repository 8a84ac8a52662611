#pragma once
// Muon's update of weight matrices; optimizer.h says what it is.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/optimizer_options.h"

#include "newton_schulz.h"

#include <cstddef>
#include <span>
#include <vector>

namespace edgeprune::nn {

/// A dense weight: `inputs` rows (kernel height x kernel width x in) of `outputs` numbers.
struct MuonMatrix {
  std::size_t offset = 0;    // among all parameters
  std::size_t in_state = 0;  // among the trained ones
  std::size_t inputs = 0;
  std::size_t outputs = 0;

  [[nodiscard]] std::size_t size() const { return inputs * outputs; }
  /// The longer side as rows: the weight as it lies, or transposed.
  [[nodiscard]] TallShape tall() const;
  [[nodiscard]] bool is_transposed() const { return outputs > inputs; }
};

class Muon {
 public:
  Muon(const OptimizerOptions& options, std::vector<MuonMatrix> matrices);
  [[nodiscard]] static std::size_t memory_bytes(std::span<const MuonMatrix> matrices);

  /// One update of all matrices; `momentum` is of all trained parameters.
  void step(float learning_rate, std::span<const float> gradients, std::span<float> parameters,
            std::span<float> momentum, core::ThreadPool& pool);

 private:
  // One matrix and what belongs to it.
  struct Update {
    const MuonMatrix& matrix;
    const float* gradient = nullptr;
    float* weight = nullptr;
    float* momentum = nullptr;
  };
  // W <- shrink W - step u'
  struct Factors {
    float shrink = 1;
    float step = 0;
  };
  [[nodiscard]] Factors factors(const MuonMatrix& matrix, float rate, double norm) const;
  void step(const Update& update, float rate, core::ThreadPool& pool);
  void write_direction(const Update& update, double norm, core::ThreadPool& pool);
  void apply(const Update& update, const Factors& factors, core::ThreadPool& pool);

  OptimizerOptions options_;
  std::vector<MuonMatrix> matrices_;
  NewtonSchulz newton_schulz_;
};

}  // namespace edgeprune::nn
