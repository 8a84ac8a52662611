// forgetting: how often a sample was classified correctly at one visit and wrongly at the next.
//
// M. Toneva et al., "An Empirical Study of Example Forgetting during Deep Neural Network Learning",
// ICLR 2019. As in its code (mtoneva/example_forgetting,
// order_examples_by_forgetting.py) a sample that was never correct gets the number of visits: more
// than any other can reach. Where visits differ, that is the most of any sample, so that all of
// these stand together at the end.
//
// High = hard. O(C) per visit, 4 bytes per sample.

#include "factories.h"
#include "observed.h"

#include <algorithm>

namespace edgeprune::score {
namespace {

// A record: the events times 4, and two marks.
constexpr std::uint32_t kCorrect = 1;  // at the last visit
constexpr std::uint32_t kLearned = 2;  // at any visit
constexpr std::uint32_t kEvent = 4;

/// The first of equals counts, as where accuracies are counted.
bool is_correct(const Observed& row) {
  const auto best = std::max_element(row.logits.begin(), row.logits.end());
  return static_cast<std::size_t>(best - row.logits.begin()) == row.label;
}

class ForgettingScore final : public Score {
 public:
  explicit ForgettingScore(const ScoreSize& size) : records_(size.num_samples) {}

  void observe(const Observation& batch) override {
    const Rows rows(batch);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::uint32_t& record = records_[batch.samples[i]];
      if (is_correct(rows[i])) {
        record |= kCorrect | kLearned;
      } else if ((record & kCorrect) != 0) {
        record += kEvent - kCorrect;
      }
    }
  }

  [[nodiscard]] std::vector<float> values(std::span<const std::uint32_t> visits) const override {
    const std::uint32_t never = visits.empty() ? 0 : std::ranges::max(visits);
    std::vector<float> values(records_.size());
    for (std::size_t n = 0; n < values.size(); ++n) {
      const bool learned = (records_[n] & kLearned) != 0;
      values[n] = static_cast<float>(learned ? records_[n] / kEvent : never);
    }
    return values;
  }

  [[nodiscard]] std::vector<core::NamedArray> state() override {
    return {{"records", std::span(records_)}};
  }

 private:
  std::vector<std::uint32_t> records_;
};

}  // namespace

ScorePointer make_forgetting(const ScoreSize& size) {
  return std::make_unique<ForgettingScore>(size);
}

}  // namespace edgeprune::score
