// Measures facility location: each class's share of samples, chosen by lazy greedy on features.
//
//   facility_location_benchmark --features features.f32 --width 128 --classes 10 --keep-ratio 0.1
//
// The file holds plain little-endian floats, a row per sample, the classes' rows one after the
// other and equally many. Without --seconds it answers lines on its standard input (protocol.h),
// where a rate is in samples per second.

#include "edgeprune/core/error.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/select/selectors.h"

#include "protocol.h"
#include "selection_benchmark.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

struct Options {
  std::string features;
  std::uint32_t width = 128;
  std::uint32_t classes = 10;
  double keep_ratio = 0.1;
  int threads = 2;
  double seconds = 0;  // 0: converse
};

CLI::App& add_options(CLI::App& app, Options& options) {
  app.add_option("--features", options.features, "file of floats")->required();
  app.add_option("--width", options.width, "features per sample");
  app.add_option("--classes", options.classes);
  app.add_option("--keep-ratio", options.keep_ratio);
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "measure once for about so long");
  return app;
}

void run(const Options& options) {
  const std::vector<float> features = read_floats(options.features);
  const auto num_samples = static_cast<std::uint32_t>(features.size() / options.width);
  std::vector<std::int32_t> labels(num_samples);
  for (std::size_t n = 0; n < num_samples; ++n) {
    labels[n] = static_cast<std::int32_t>(n * options.classes / num_samples);
  }
  core::ThreadPool pool(options.threads);
  const auto kept_per_class =
      static_cast<std::uint32_t>(options.keep_ratio * (num_samples / options.classes));
  select::SelectionInput input{.labels = labels,
                               .num_classes = options.classes,
                               .num_samples = num_samples,
                               .num_kept = options.classes * kept_per_class};
  input.features = [&](std::span<const std::uint32_t> samples) {
    select::FeatureMatrix rows{.width = options.width};
    rows.values.reserve(samples.size() * options.width);
    for (const std::size_t n : samples) {
      const float* row = &features[n * options.width];
      rows.values.insert(rows.values.end(), row, row + options.width);
    }
    return rows;
  };
  input.pool = &pool;
  converse({.images_per_second =
                [&](double seconds) {
                  return num_samples * repeats_per_second(seconds, [&] {
                           (void)select::select_facility_location(input);
                         });
                },
            .memory = [] { return fmt::format(R"({{"peak_rss_bytes": {}}})", peak_rss_bytes()); },
            .description = fmt::format(R"({{"kept": [{}]}})",
                                       fmt::join(select::select_facility_location(input), ", "))},
           options.seconds);
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune;
  benchmarks::Options options;
  CLI::App app{"Facility location on features of a file"};
  CLI11_PARSE(benchmarks::add_options(app, options), argc, argv);
  try {
    benchmarks::run(options);
  } catch (const core::Error& error) {
    fmt::print("unavailable: {}\n", error.what());
    return benchmarks::kUnavailable;
  }
}
