// An embedder's program: scores from a loop of its own, a selection by edgeprune.
#include <cstdio>
#include <edgeprune/core/keep_ratio.h>
#include <edgeprune/core/version.h>
#include <edgeprune/score/scores.h>
#include <edgeprune/select/selectors.h>
#include <vector>

int main() {
  using namespace edgeprune;
  score::ScoreTable table({"loss"}, {.num_samples = 4, .num_classes = 2});
  const std::vector<std::uint32_t> batch = {2, 0, 3, 1};
  const std::vector<float> losses = {0.1f, 0.9f, 0.5f, 0.7f};
  table.observe({.samples = batch, .losses = losses});
  const auto scores = table.column("loss");
  const auto ratio = core::KeepRatio::parse("0.5");
  const auto kept =
      select::select_top({.scores = scores, .num_samples = 4, .num_kept = ratio.num_kept(4)});
  std::printf("kept %u and %u by edgeprune %s\n", kept[0], kept[1], core::version().data());
  return kept[0] == 0 && kept[1] == 1 ? 0 : 1;
}
