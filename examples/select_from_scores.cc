// Scores from a training loop of your own, and a selection from them.
#include <cstdint>
#include <cstdio>
#include <edgeprune/core/keep_ratio.h>
#include <edgeprune/score/scores.h>
#include <edgeprune/select/strategy.h>
#include <vector>

int main() {
  using namespace edgeprune;
  score::ScoreTable table({"loss"}, {.num_samples = 4, .num_classes = 2});

  // For every batch of your loop: which samples, and their losses before the update.
  const std::vector<std::uint32_t> batch = {2, 0, 3, 1};
  const std::vector<float> losses = {0.1f, 0.9f, 0.5f, 0.7f};
  table.observe({.samples = batch, .losses = losses});

  const std::vector<float> scores = table.column("loss");
  const std::vector<std::uint32_t> kept = select::select_samples(
      select::strategy_named("top"), select::PerClass::none,
      {.scores = scores, .num_samples = 4, .num_kept = core::KeepRatio::parse("0.5").num_kept(4)});
  for (const std::uint32_t sample : kept) std::printf("kept %u\n", sample);  // 0 and 1
  return kept == std::vector<std::uint32_t>{0, 1} ? 0 : 1;
}
