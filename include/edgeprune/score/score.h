#pragma once
// A score: one number per sample, gathered while batches of a warm-up go by.
//
//   const ScoreSize size{.num_samples = 3333, .num_classes = 10};
//   std::unique_ptr<Score> el2n = score_named("el2n").make(size);
//   el2n->observe(batch);  // as often as batches go by
//   std::vector<float> values = el2n->values(visits);
//
// Scores know nothing of networks: whoever has losses and probabilities of samples can feed them.
// Each is a page of its own, src/score/NAME.cc, with formula and source; scores.h lists them all.

#include "edgeprune/core/named_array.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace edgeprune::score {

/// What `loss` averages; the other scores do not depend on it.
enum class LossScoreMode {
  observed,     // Algorithm 1: the mean over the iterations that drew the sample
  evaluations,  // (16) itself: the caller feeds forward passes over all samples, evenly spaced
  detrended,    // observed, less each iteration's mean loss: removes WHEN a sample was drawn
};
[[nodiscard]] std::string_view name_of(LossScoreMode mode);

/// What a score is made for.
struct ScoreSize {
  std::uint32_t num_samples = 0;
  std::uint32_t num_classes = 0;
  std::uint32_t passes = 1;  // how often each sample is going to be observed, at least; more often
                             // is fine, and so is more often for some samples only
  LossScoreMode loss_mode = LossScoreMode::observed;
};

/// One batch as it streams by: before the update for the steps of a warm-up, or a forward pass. All
/// run in parallel to `samples`; what no score asks for (ScoreNeeds) may be empty. A sample that
/// stands in a batch twice has been visited twice, in that order.
struct Observation {
  std::span<const std::uint32_t> samples;
  std::span<const float> losses;  // -log p of the label, unweighted, unsmoothed
  std::span<const std::int32_t> labels;
  std::span<const float> logits;         // samples x classes, row by row
  std::span<const float> probabilities;  // softmax of the logits, samples x classes
  std::span<const float> features;       // what the head reads, samples x features
  /// Before the update of a training step; else a forward pass beside training.
  bool is_step = false;
  /// Whoever gives the batch has checked the losses; where not, whoever needs them does.
  bool losses_are_finite = false;
};

class Score {
 public:
  virtual ~Score() = default;

  /// Adds one batch. Spans it needs must be whole and samples below num_samples (unchecked here:
  /// ScoreTable checks once for all its scores).
  virtual void observe(const Observation& batch) = 0;

  /// One value per sample, each observed visits[n] >= 1 times.
  [[nodiscard]] virtual std::vector<float> values(std::span<const std::uint32_t> visits) const = 0;

  /// The arrays that a checkpoint saves, and fills when a run goes on, such as "sums"; their names
  /// are unique within the score, their lengths never change.
  [[nodiscard]] virtual std::vector<core::NamedArray> state() = 0;
};

}  // namespace edgeprune::score
