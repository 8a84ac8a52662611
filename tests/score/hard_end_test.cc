// Which samples a score calls hard, where the answer is obvious: a warm-up of ten passes over
//   30 easy samples, duplicates of each other: the label's logit grows from pass to pass;
//   10 mislabelled ones: another class's logit grows just so;
//   10 ambiguous ones: now the label, now another class leads, at no regular time, and neither far.

#include "warmup_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace edgeprune::score {
namespace {

constexpr std::uint32_t kEasy = 30;
constexpr std::uint32_t kOthers = 10;
constexpr ScoreSize kSize{.num_samples = kEasy + 2 * kOthers, .num_classes = 4, .passes = 10};
constexpr std::array kLabelLeads = {true,  true,  false, true, false,
                                    false, false, true,  true, false};
using SampleSet = std::set<std::uint32_t>;

std::vector<float> logits_of(std::uint32_t sample, std::uint32_t pass, float noise) {
  const float grown = 0.8f * static_cast<float>(pass + 1) + noise;
  if (sample < kEasy) return {grown, 0, 0, 0};
  if (sample < kEasy + kOthers) return {0, grown, 0, 0};
  const float swing = kLabelLeads[pass] ? 1.5f : -1.5f;
  return {2 + swing + noise, 2 - swing, 1, 1};
}

Log three_kinds() {
  Log log;
  for (std::uint32_t pass = 0; pass < kSize.passes; ++pass) {
    log.emplace_back();
    for (std::uint32_t n = 0; n < kSize.num_samples; ++n) {
      core::RandomStream draws({.seed = 3, .epoch = pass, .index = n});
      append(log.back(), n, 0, logits_of(n, pass, 0.2f * (draws.uniform() - 0.5f)), {1, 1});
    }
  }
  return log;
}

SampleSet range(std::uint32_t first, std::uint32_t count) {
  SampleSet samples;
  for (std::uint32_t n = first; n < first + count; ++n) samples.insert(n);
  return samples;
}

/// All samples, the hardest first.
std::vector<std::uint32_t> by_hardness(const ScoreKind& kind) {
  const std::vector<float> values = column_after(std::string(kind.name), kSize, three_kinds());
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return kind.hard == HardEnd::high ? values[a] > values[b] : values[a] < values[b];
  });
  return order;
}

SampleSet hardest(std::string_view name) {
  const auto order = by_hardness(score_named(name));
  return {order.begin(), order.begin() + kOthers};
}

TEST(HardEnd, OfErrorsAndMarginsIsTheMislabelled) {
  for (const auto name : {"loss", "el2n", "aum", "margin", "forgetting", "confidence", "grand"}) {
    EXPECT_EQ(hardest(name), range(kEasy, kOthers)) << name;
  }
}

TEST(HardEnd, OfDoubtAndMovementIsTheAmbiguous) {
  for (const auto name : {"entropy", "dyn_unc", "dual", "tdds"}) {
    EXPECT_EQ(hardest(name), range(kEasy + kOthers, kOthers)) << name;
  }
}

// But for those that look at the answer's certainty or movement alone: a network sure of another
// class is as sure, and came there as steadily, as one sure of the label.
TEST(HardEnd, LeavesTheEasyLast) {
  for (const ScoreKind& kind : scores()) {
    if (kind.name == "entropy" || kind.name == "tdds" || kind.name == "dyn_unc") continue;
    const auto order = by_hardness(kind);
    EXPECT_EQ(SampleSet(order.end() - kEasy, order.end()), range(0, kEasy)) << kind.name;
  }
}

}  // namespace
}  // namespace edgeprune::score
