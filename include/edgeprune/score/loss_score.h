#pragma once
// The importance score of the paper: a sample's average training loss over the warm-up,
// equation (16) and Algorithm 1. High = hard = keep.
//
//   LossScore score(num_samples, LossScoreMode::observed);
//   score.observe({.samples = batch, .losses = losses});     // before each update
//   std::vector<float> alpha = score.scores();
//
// It knows nothing of networks: any training loop that has per-sample losses can feed it. 12 bytes
// per sample.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace edgeprune::score {

enum class LossScoreMode {
  observed,     // Algorithm 1: the mean over the iterations that drew the sample
  checkpoints,  // (16) itself: the caller feeds forward passes over all samples, evenly spaced
  detrended,    // observed, less each iteration's mean loss: removes WHEN a sample was drawn
};
[[nodiscard]] std::string_view name_of(LossScoreMode mode);

/// One batch as it streams by; samples and losses run in parallel.
struct Observation {
  std::span<const std::uint32_t> samples;
  std::span<const float> losses;
};

/// What a checkpoint keeps of a half-finished score.
struct LossScoreState {
  std::vector<double> sums;
  std::vector<std::uint32_t> visits;
};

class LossScore {
 public:
  LossScore(std::uint32_t num_samples, LossScoreMode mode);

  /// Adds one batch's losses: samples[i] < num_samples, spans of equal length (an internal Error
  /// otherwise). A loss that is not finite is an Error of kind numeric naming the sample: a ranking
  /// made of it would be silently wrong.
  void observe(const Observation& batch);

  /// Samples no batch has drawn yet, ascending.
  [[nodiscard]] std::vector<std::uint32_t> unseen() const;

  /// One score per sample: the mean of its observed losses (detrended: of loss less batch mean). An
  /// internal Error if a sample is unseen; score those with a forward pass first (docs/method.md).
  [[nodiscard]] std::vector<float> scores() const;

  [[nodiscard]] const LossScoreState& state() const { return state_; }
  void restore(LossScoreState state);

 private:
  void check(const Observation& batch) const;

  LossScoreMode mode_;
  LossScoreState state_;
};

}  // namespace edgeprune::score
