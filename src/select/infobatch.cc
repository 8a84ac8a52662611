// infobatch: each epoch skips some of the well learned samples and weighs the others of them up.
//
//   r = 1 - M / N
//   of the n samples with a stored loss below the mean: floor((1 - r) n), weight 1 / (1 - r)
//   all others: weight 1
//   in the last ceil(E / 8) epochs: all samples, weight 1
//
// The stored loss of a sample is the one it had when it was last trained on before the epoch; until
// then all are equal, so that the first epoch shows everything. Weights keep the expected gradient:
// each sample's loss times its weight, divided by the number of samples in the batch.
//
// Where steps are counted rather than passes, what is skipped leaves room for more passes: E is
// then what the run expects when a pass begins, and the last eighth of the passes made shows all.
//
// num_kept is the nominal share only: M = (1 - r) N would be trained on if all samples were below
// the mean. What was really trained on is the sum over the passes; whoever asks for them reports
// it.
//
// Source: Qin et al., "InfoBatch: lossless training speed up by unbiased dynamic data pruning",
// ICLR 2024, and its authors' code (NUS-HPC-AI-Lab/InfoBatch): the exact number kept, the first
// losses (3) and the last epochs are as there. Deviations: 1 - r may be below 0.1, where theirs
// quietly takes 0.1; the choice depends on the seed and not on a global generator.
// Direction: high = keep. Deterministic for a seed and losses. All data stay stored. O(N) time per
// epoch; 8 bytes per sample to remember, at most 24 more while it chooses.

#include "edgeprune/core/random.h"
#include "edgeprune/select/selectors.h"

#include "random_share.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>

namespace edgeprune::select {
namespace {

class InfoBatchSampler final : public Sampler {
 public:
  InfoBatchSampler(const SelectionInput& input, std::uint32_t epochs)
      : losses_(input.num_samples, kFirstLoss),
        newest_(losses_),
        num_kept_(input.num_kept),
        seed_(input.seed),
        epochs_(epochs) {}

  [[nodiscard]] Pass pass(std::uint32_t epoch) override {
    if (static_cast<float>(epoch) > losses_epoch_) {
      losses_ = newest_;
      losses_epoch_ = static_cast<float>(epoch);
    }
    if (8 * (std::uint64_t{epoch} + 1) > 7 * std::uint64_t{epochs_}) return everything();
    Samples learned;
    Samples others;
    const double mean = std::accumulate(losses_.begin(), losses_.end(), 0.0) / num_samples();
    for (std::uint32_t n = 0; n < num_samples(); ++n) {
      (losses_[n] < mean ? learned : others).push_back(n);
    }
    core::RandomStream draws({.seed = seed_, .purpose = core::Purpose::selection, .epoch = epoch});
    const std::uint64_t num_learned = std::uint64_t{learned.size()} * num_kept_ / num_samples();
    learned = random_share(learned, static_cast<std::uint32_t>(num_learned), draws);
    return weighted(learned, others);
  }

  void expect_epochs(std::uint32_t epochs) override { epochs_ = epochs; }

  void observe(const score::Observation& batch) override {
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      newest_[batch.samples[i]] = batch.losses[i];
    }
  }

  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"losses", std::span(losses_)},
            {"newest", std::span(newest_)},
            {"epoch", std::span(&losses_epoch_, 1)}};
  }

 private:
  static constexpr float kFirstLoss = 3;

  [[nodiscard]] std::uint32_t num_samples() const {
    return static_cast<std::uint32_t>(losses_.size());
  }

  [[nodiscard]] Pass everything() const {
    Pass pass;
    pass.samples.resize(num_samples());
    std::iota(pass.samples.begin(), pass.samples.end(), 0u);
    return pass;
  }

  [[nodiscard]] Pass weighted(const Samples& learned, const Samples& others) const {
    Pass pass;
    pass.samples.reserve(learned.size() + others.size());
    std::merge(learned.begin(), learned.end(), others.begin(), others.end(),
               std::back_inserter(pass.samples));
    const float weight = static_cast<float>(num_samples()) / static_cast<float>(num_kept_);
    pass.weights.reserve(pass.samples.size());
    for (auto next = learned.begin(); const std::uint32_t sample : pass.samples) {
      const bool is_learned = next != learned.end() && *next == sample;
      if (is_learned) ++next;
      pass.weights.push_back(is_learned ? weight : 1.0f);
    }
    return pass;
  }

  std::vector<float> losses_;  // as they were when the epoch began
  std::vector<float> newest_;
  float losses_epoch_ = -1;
  std::uint32_t num_kept_;
  std::uint64_t seed_;
  std::uint32_t epochs_;
};

}  // namespace

std::unique_ptr<Sampler> sample_infobatch(const SelectionInput& input, std::uint32_t epochs) {
  return std::make_unique<InfoBatchSampler>(input, epochs);
}

}  // namespace edgeprune::select
