// Measures the ranking: the indices of the M highest of N scores.
//
//   top_m_benchmark --scores scores.f32 --count 10000000 --threads 2
//
// The file holds plain little-endian floats. Without --seconds it answers lines on its standard
// input (protocol.h), where a rate is in scores per second.

#include "edgeprune/core/error.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/select/ranking.h"

#include "protocol.h"
#include "selection_benchmark.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

struct Options {
  std::string scores;
  std::uint32_t count = 1;
  int threads = 2;
  double seconds = 0;  // 0: converse
};

CLI::App& add_options(CLI::App& app, Options& options) {
  app.add_option("--scores", options.scores, "file of floats")->required();
  app.add_option("--count", options.count, "M, how many are kept")->required();
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "measure once for about so long");
  return app;
}

void run(const Options& options) {
  const std::vector<float> scores = read_floats(options.scores);
  core::ThreadPool pool(options.threads);
  const auto rank = [&] {
    return select::best_samples(scores, options.count, select::Prefer::highest, &pool);
  };
  const std::uint64_t before = peak_rss_bytes();
  float lowest = std::numeric_limits<float>::infinity();
  for (const std::uint32_t n : rank()) lowest = std::min(lowest, scores[n]);
  const std::uint64_t after = peak_rss_bytes();
  converse({.images_per_second =
                [&](double seconds) {
                  return static_cast<double>(scores.size()) *
                         repeats_per_second(seconds, [&] { (void)rank(); });
                },
            .memory =
                [&] {
                  return fmt::format(
                      R"({{"peak_rss_bytes": {}, "scores_bytes": {}, "ranking_bytes": {}}})",
                      peak_rss_bytes(), scores.size() * sizeof(float), after - before);
                },
            .description = fmt::format(R"({{"lowest_kept": {:.9g}}})", lowest)},
           options.seconds);
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune;
  benchmarks::Options options;
  CLI::App app{"The indices of the highest scores"};
  CLI11_PARSE(benchmarks::add_options(app, options), argc, argv);
  try {
    benchmarks::run(options);
  } catch (const core::Error& error) {
    fmt::print("unavailable: {}\n", error.what());
    return benchmarks::kUnavailable;
  }
}
