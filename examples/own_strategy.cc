// A strategy of your own inside the pipeline: score, select by it, train, in a run directory.
// Usage: own_strategy EMPTY_FOLDER
#include <algorithm>
#include <cstdio>
#include <edgeprune/core/npy.h>
#include <edgeprune/run/new_run.h>
#include <edgeprune/run/pipeline.h>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace edgeprune;
using Samples = std::vector<std::uint32_t>;

// The hardest samples but for the very hardest 5 %, which are often mislabelled.
Samples hard_but_not_hardest(const select::SelectionInput& input) {
  Samples order(input.num_samples);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return input.scores[a] > input.scores[b];
  });
  const auto first =
      order.begin() + std::min(input.num_samples / 20, input.num_samples - input.num_kept);
  Samples kept(first, first + input.num_kept);
  std::sort(kept.begin(), kept.end());
  return kept;
}

// 200 points on a line, of two classes.
void write_points(const std::filesystem::path& folder) {
  std::vector<float> points(200);
  std::vector<std::uint8_t> labels(200);
  for (std::size_t n = 0; n < 200; ++n) {
    points[n] = 0.01f * static_cast<float>(n);
    labels[n] = n < 100 ? 0 : 1;
  }
  core::write_npy(folder / "points.npy", std::span<const float>(points), {200, 1});
  core::write_npy(folder / "labels.npy", std::span<const std::uint8_t>(labels), {200});
}

int main(int, char** arguments) {
  const std::filesystem::path folder = arguments[1];
  write_points(folder);
  select::StrategyCatalogue strategies = select::strategies();
  strategies.add(
      {.name = "not_hardest", .score = "loss", .warms_up = true, .select = hard_but_not_hardest});
  config::Config config = config::read_config(
      "", {"data.format=npy", "data.images=" + (folder / "points.npy").string(),
           "data.labels=" + (folder / "labels.npy").string(), "model.network=mlp",
           "prune.strategy=not_hardest", "run.directory=" + (folder / "run").string()});
  config.catalogues.strategies = &strategies;
  const config::ResolvedConfig resolved = config::resolve(config);
  const run::RunDirectory directory = run::prepare_run_directory(resolved, /*force=*/false);
  const run::RunResult result = run::run_pipeline(directory, {});
  std::printf("kept %u, accuracy %.3f\n", result.plan.num_kept, result.train_accuracy);
  return result.plan.num_kept == 100 ? 0 : 1;
}
