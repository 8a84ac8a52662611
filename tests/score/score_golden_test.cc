// Every score of a small random log, as make_score_golden.py computes it in NumPy from the papers'
// formulas; its comment says how the authors' own code agrees.

#include "edgeprune/core/files.h"

#include "warmup_log.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace edgeprune::score {
namespace {

struct Golden {
  ScoreSize size;
  Log log;
  nlohmann::json scores;  // by passes, then by name
};

Golden read_golden() {
  const auto json =
      nlohmann::json::parse(core::read_file(EDGEPRUNE_SCORE_GOLDEN_DIR "/score_golden.json"));
  const auto labels = json["labels"].get<std::vector<std::int32_t>>();
  Golden golden;
  golden.size.num_samples = static_cast<std::uint32_t>(labels.size());
  golden.size.num_classes = json["num_classes"].get<std::uint32_t>();
  for (const auto& batch : json["batches"]) {
    Batch read{.samples = batch["samples"].get<std::vector<std::uint32_t>>(),
               .losses = batch["losses"].get<std::vector<float>>(),
               .logits = batch["logits"].get<std::vector<float>>(),
               .probabilities = batch["probabilities"].get<std::vector<float>>(),
               .features = batch["features"].get<std::vector<float>>()};
    for (const std::uint32_t n : read.samples) read.labels.push_back(labels[n]);
    golden.log.push_back(std::move(read));
  }
  golden.scores = json["scores"];
  return golden;
}

/// Within one float32 rounding of float64, and where a window's spread is a difference of near
/// numbers within a few.
void expect_near(const std::vector<float>& values, const std::vector<double>& wanted,
                 const std::string& what) {
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t n = 0; n < values.size(); ++n) {
    EXPECT_NEAR(static_cast<double>(values[n]), wanted[n], 1e-6 * std::abs(wanted[n]))
        << what << " of sample " << n;
  }
}

TEST(ScoreGolden, EveryScoreIsWhatNumPyMakesOfTheWholeLog) {
  Golden golden = read_golden();
  for (const std::uint32_t passes : {4u, 12u}) {
    golden.size.passes = passes;
    const nlohmann::json& wanted = golden.scores[std::to_string(passes)];
    for (const std::string& name : names_of_all_scores()) {
      expect_near(column_after(name, golden.size, golden.log),
                  wanted.at(name).get<std::vector<double>>(), name);
    }
    ScoreSize detrended = golden.size;
    detrended.loss_mode = LossScoreMode::detrended;
    expect_near(column_after("loss", detrended, golden.log),
                wanted.at("loss_detrended").get<std::vector<double>>(), "detrended loss");
  }
}

}  // namespace
}  // namespace edgeprune::score
