#pragma once
// A sampler answers the training loop's one question: which samples, with which weights, next pass?
//
// A static strategy gives the same answer every time; dynamic ones choose anew each epoch. The loop
// shuffles what it gets by (seed, epoch), so an answer is a set.

#include "edgeprune/core/named_array.h"
#include "edgeprune/score/score.h"

#include <cstdint>
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
  /// The samples of epoch 0, 1, ...: a function of the epoch and of what was observed before it was
  /// first asked for. Asked again in the midst of the epoch, as a run that goes on does, it answers
  /// the same. Epochs must not go back.
  [[nodiscard]] virtual Pass pass(std::uint32_t epoch) = 0;
  /// Before a pass is asked for: how many there will be in all, as far as is known by then.
  virtual void expect_epochs(std::uint32_t /*epochs*/) {}
  /// A batch as it was trained on, before the update; its losses are finite.
  virtual void observe(const score::Observation& /*batch*/) {}
  /// The arrays that a checkpoint saves, and fills when a run goes on; their lengths never change.
  [[nodiscard]] virtual std::vector<core::NamedArray> state() { return {}; }
};

/// Always the kept samples, unweighted.
class StaticSampler final : public Sampler {
 public:
  explicit StaticSampler(std::vector<std::uint32_t> kept) : kept_(std::move(kept)) {}
  [[nodiscard]] Pass pass(std::uint32_t) override { return {kept_, {}}; }

 private:
  std::vector<std::uint32_t> kept_;
};

}  // namespace edgeprune::select
