#pragma once
// The loss of every sample when it was last trained on, kept where all samples stay stored.

#include "edgeprune/core/named_array.h"
#include "edgeprune/score/score.h"
#include "edgeprune/select/strategy.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::run {

class LastLosses {
 public:
  /// In checkpoints.
  static constexpr std::string_view kName = "last_losses";
  static constexpr float kUnseen = -1;

  explicit LastLosses(std::uint32_t num_samples) : losses_(num_samples, kUnseen) {}

  [[nodiscard]] static bool are_kept_by(const select::Strategy& strategy) {
    return strategy.sampler != nullptr || strategy.keeps_all;
  }

  /// A batch as it was trained on, before the update, or a forward pass in its place.
  void observe(const score::Observation& batch) {
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      losses_[batch.samples[i]] = batch.losses[i];
    }
  }
  [[nodiscard]] std::span<const float> values() const { return losses_; }
  /// The samples that were never trained on, ascending.
  [[nodiscard]] std::vector<std::uint32_t> unseen() const {
    std::vector<std::uint32_t> samples;
    for (std::uint32_t n = 0; n < losses_.size(); ++n) {
      if (losses_[n] == kUnseen) samples.push_back(n);
    }
    return samples;
  }
  [[nodiscard]] core::NamedArray state() { return {std::string(kName), std::span(losses_)}; }

 private:
  std::vector<float> losses_;
};

}  // namespace edgeprune::run
