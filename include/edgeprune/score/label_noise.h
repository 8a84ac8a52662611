#pragma once
// The share of wrong labels, estimated while a warm-up goes by, and how far to trust it.
//
//   LabelNoiseEstimate noise({.num_classes = 10, .num_observations = 53 * 64});
//   noise.observe(batch);                     // every batch of the warm-up
//   if (noise.estimate().lower_bound() > 0.05) ...   // top-M by loss keeps these first
//
// A network in its warm-up is wrong too, so that a label it doubts need not be. But where it is
// sure, the right label hardly ever stands in the lower half of its ranking, and one drawn at
// random from the wrong ones does so every other time:
//
//   share = (C - 1) / floor(C / 2) * P(label in the lower half | sure)
//
// Sure are samples whose largest logit leads the next by the mean lead and one standard deviation
// more, about one in seven: confidence as in confident learning (C. Northcutt, L. Jiang, I. Chuang,
// JAIR 2021), ranks in place of its joint counts, which take a weak network's errors for noise.
// Only the later half of the observations counts, when the network knows more.
//
// Bias and spread on constructed logs, 1,669 counted observations of 10 classes
// (tests/score/label_noise_test.cc holds them to it):
//
//   right answers      35 %          50 %          65 %          80 %          95 %
//   0 % wrong labels   +0.22 0.04    +0.03 0.02    +0.00 0.00    +0.00 0.00    +0.00 0.00
//   20 %               +0.16 0.04    +0.02 0.04    +0.00 0.04    +0.01 0.05    +0.01 0.04
//   40 %               +0.11 0.05    +0.01 0.04    +0.00 0.05    +0.00 0.07    +0.01 0.05
//
// So it is an upper bound where a network is right on less than half, and it needs the wrong labels
// to be spread over all classes alike: mix-ups between two similar ones it does not see. A network
// that trains for long learns wrong labels by heart, and they no longer show: of 20 % on 3,333
// samples of Fashion-MNIST, a small perceptron's warm-up of 1, 3 or 10 passes shows 20, 17 or 11 %.
//
// O(C) per observation, 56 bytes in all, none per sample.

#include "edgeprune/score/score.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::score {

struct LabelNoiseOptions {
  std::uint32_t num_classes = 0;       // two at least
  std::uint64_t num_observations = 0;  // of the whole warm-up; the first half is passed over
};

/// The share of wrong labels as a warm-up saw it.
struct LabelNoise {
  double share = 0;
  double standard_error = 0;

  /// Where the share surely lies above.
  [[nodiscard]] double lower_bound() const { return share - 2 * standard_error; }
};

class LabelNoiseEstimate {
 public:
  /// Fewer than two classes are an internal Error.
  explicit LabelNoiseEstimate(const LabelNoiseOptions& options);

  /// Reads samples, labels and logits: whole and finite, as ScoreTable has checked them.
  void observe(const Observation& batch);

  /// In [0, 1]; 0 while nothing has been counted.
  [[nodiscard]] double share() const;
  /// Of share() by chance alone: without its bias, and as if no sample had been counted twice.
  /// Large, 0.35 or more, while nothing has been counted.
  [[nodiscard]] double standard_error() const;
  /// Both.
  [[nodiscard]] LabelNoise estimate() const {
    return {.share = share(), .standard_error = standard_error()};
  }

  /// For a checkpoint, as Score::state.
  [[nodiscard]] std::vector<core::NamedArray> state() { return {{"sums", std::span(sums_)}}; }

 private:
  enum Sum : std::size_t { kObserved, kCounted, kLead, kSquaredLead, kSure, kLow, kNumSums };

  [[nodiscard]] double sure_lead() const;
  [[nodiscard]] double per_low_label() const;

  std::uint32_t num_classes_;
  double first_counted_;
  std::array<double, kNumSums> sums_{};  // counts too: exact up to 2^53
};

}  // namespace edgeprune::score
