#include "edgeprune/select/selectors.h"

#include "select/selection_checks.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <fstream>

namespace edgeprune::select {
namespace {

using Numbers = std::vector<float>;

Samples beta(const Numbers& dual, const Numbers& confidence, std::uint32_t num_kept,
             std::uint64_t seed) {
  return select_beta({.scores = dual,
                      .num_samples = static_cast<std::uint32_t>(dual.size()),
                      .num_kept = num_kept,
                      .seed = seed,
                      .column = [&](std::string_view name) -> std::span<const float> {
                        EXPECT_EQ(name, "confidence");
                        return confidence;
                      }});
}

// SciPy's density, and the probability of every set of successive draws added up
// (make_selection_golden.py). Five standard errors of 5,000 selections.
TEST(SelectBeta, KeepsSamplesAsOftenAsSciPySays) {
  constexpr int kSeeds = 5000;
  std::ifstream file(EDGEPRUNE_GOLDEN_DIR "/beta.json");
  for (const auto& data : nlohmann::json::parse(file)) {
    const auto dual = data["dual"].get<Numbers>();
    const auto confidence = data["confidence"].get<Numbers>();
    for (const auto& expected : data["selections"]) {
      const auto num_kept = expected["num_kept"].get<std::uint32_t>();
      std::vector<int> counts(dual.size());
      for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        for (const std::uint32_t sample : beta(dual, confidence, num_kept, seed)) ++counts[sample];
      }
      for (std::size_t n = 0; n < dual.size(); ++n) {
        const double p = expected["probabilities"][n];
        EXPECT_NEAR(counts[n], kSeeds * p, 5 * std::sqrt(kSeeds * p * (1 - p)))
            << "sample " << n << " of " << num_kept << " kept";
      }
    }
  }
}

// The pruning ratio shifts the density: few kept samples are easy ones, many are uncertain ones.
TEST(SelectBeta, KeepsEasierSamplesTheFewerAreKept) {
  constexpr std::uint32_t kSamples = 1000;
  Numbers dual(kSamples);
  Numbers confidence(kSamples);
  for (std::uint32_t n = 0; n < kSamples; ++n) {
    confidence[n] = (static_cast<float>(n) + 0.5f) / kSamples;
    dual[n] = confidence[n] * (1 - confidence[n]);  // most uncertain in the middle
  }
  const auto mean_confidence = [&](std::uint32_t num_kept) {
    double sum = 0;
    for (const std::uint32_t sample : beta(dual, confidence, num_kept, 3))
      sum += confidence[sample];
    return sum / num_kept;
  };
  EXPECT_GT(mean_confidence(50), mean_confidence(300) + 0.1);
  EXPECT_GT(mean_confidence(300), mean_confidence(700) + 0.05);
}

TEST(SelectBeta, KeepsSamplesOfNoWeightLast) {
  const Numbers dual = {0, 0.1f, 0, 0.2f, 0, 0.3f, 0, 0};
  const Numbers confidence(8, 0.5f);
  std::vector<int> counts(8);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Samples kept = beta(dual, confidence, 4, seed);
    for (const std::uint32_t sample : kept) ++counts[sample];
  }
  for (const std::size_t weighted : {1u, 3u, 5u}) EXPECT_EQ(counts[weighted], 500);
  // One of the five others, each equally often: five standard errors.
  for (const std::size_t other : {0u, 2u, 4u, 6u, 7u}) {
    EXPECT_NEAR(counts[other], 100, 5 * std::sqrt(500 * 0.2 * 0.8));
  }
}

// Keeping few of many makes b < 1, where the density is infinite at confidence 1.
TEST(SelectBeta, TakesConfidencesOfExactlyNothingAndOne) {
  Numbers dual(200, 0.1f);
  Numbers confidence(200, 0.5f);
  confidence[7] = 1;
  confidence[8] = 0;
  EXPECT_TRUE(is_selection(beta(dual, confidence, 2, 1), 2, 200));
  EXPECT_TRUE(is_selection(beta(dual, confidence, 200, 1), 200, 200));
}

TEST(SelectBeta, AScoreThatIsNoWeightIsAnErrorThatNamesTheSample) {
  for (const float bad : {-0.25f, std::nanf(""), HUGE_VALF}) {
    testing::expect_error(core::ErrorKind::config, {"sample 1", "never negative", "dual"}, [&] {
      (void)beta({0.1f, bad, 0.2f}, {0.5f, 0.5f, 0.5f}, 1, 0);
    });
  }
}

RC_GTEST_PROP(SelectBetaProperty, IsASelectionAndAFunctionOfTheSeed, (std::uint64_t seed)) {
  const auto size = *rc::gen::inRange<std::uint32_t>(1, 60);
  const auto share = rc::gen::map(rc::gen::inRange(0, 101), [](int n) { return n / 100.0f; });
  const auto dual = *rc::gen::container<Numbers>(size, share);
  const auto confidence = *rc::gen::container<Numbers>(size, share);
  const std::uint32_t num_kept = any_num_kept(size);
  const Samples kept = beta(dual, confidence, num_kept, seed);
  RC_ASSERT(is_selection(kept, num_kept, size));
  RC_ASSERT(beta(dual, confidence, num_kept, seed) == kept);
}

}  // namespace
}  // namespace edgeprune::select
