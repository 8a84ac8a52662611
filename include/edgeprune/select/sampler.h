#pragma once
// A sampler answers the training loop's one question: which samples, with which weights, next pass?
//
// A static strategy gives the same answer every time; dynamic ones choose anew each epoch. The loop
// shuffles what it gets by (seed, epoch), so an answer is a set.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace edgeprune::select {

struct Pass {
  std::vector<std::uint32_t> samples;  // ascending
  std::vector<float> weights;          // one per sample of the pass; empty: all 1
};

class Sampler {
 public:
  virtual ~Sampler() = default;
  /// The samples of epoch 0, 1, ...; a function of the epoch alone.
  [[nodiscard]] virtual Pass pass(std::uint32_t epoch) const = 0;
};

/// Always the kept samples, unweighted.
class StaticSampler final : public Sampler {
 public:
  explicit StaticSampler(std::vector<std::uint32_t> kept) : kept_(std::move(kept)) {}
  [[nodiscard]] Pass pass(std::uint32_t) const override { return {kept_, {}}; }

 private:
  std::vector<std::uint32_t> kept_;
};

}  // namespace edgeprune::select
