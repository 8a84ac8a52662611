// What a warm-up's steps cost beyond plain ones: training steps with and without the gathering of
// scores and of the label noise, in turn, on one trainer. For run_vs_step --score.
//
//   scoring_benchmark --network cnn --seconds 10 --columns loss el2n
//
// Prints one JSON object: `ratio`, the median over kStretches stretches of the median step with
// gathering over the median step without, `ratio_spread`, and what is timed directly, the gathering
// after a step: `gathering_seconds` (median) and its share of a plain step.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/score/label_noise.h"
#include "edgeprune/score/scores.h"
#include "edgeprune/train/trainer.h"

#include "benchmark_main.h"
#include "precisions.h"
#include "protocol.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

constexpr std::uint32_t kClasses = 10;
constexpr std::uint32_t kSamples = 9973;  // a prime: batches wander over the whole table
constexpr std::uint32_t kPasses = 10;
constexpr int kWarmUpSteps = 3;
constexpr int kStretches = 5;

struct Options {
  std::string network = "cnn";
  std::string precision = "f32";
  std::vector<std::string> columns = {"loss"};
  std::uint32_t batch_size = 64;
  int threads = 2;
  double seconds = 10;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Seconds {
  std::vector<double> plain;
  std::vector<double> scored;     // whole steps, gathering included
  std::vector<double> gathering;  // what comes after them
};

class Steps {
 public:
  explicit Steps(const Options& options)
      : pool_(options.threads),
        network_(nn::build_network({.name = options.network},
                                   {.height = 32, .width = 32, .channels = 3}, kClasses)),
        trainer_(network_, nn::initial_model(network_, 1),
                 {.batch_size = options.batch_size, .precision = kPrecisions.at(options.precision)},
                 pool_),
        table_(options.columns,
               {.num_samples = kSamples, .num_classes = kClasses, .passes = kPasses}),
        noise_({.num_classes = kClasses, .num_observations = 0}),
        needs_(table_.needs()) {
    needs_.logits = true;
    batch_.samples.resize(options.batch_size);
    batch_.labels.resize(options.batch_size);
    batch_.images.resize(options.batch_size * std::size_t{32 * 32 * 3});
    for (std::size_t i = 0; i < batch_.images.size(); ++i) {
      batch_.images[i] = static_cast<float>(i * 2654435761u % 4096) / 2048 - 1;
    }
    for (std::size_t n = 0; n < batch_.labels.size(); ++n) {
      batch_.labels[n] = static_cast<std::int32_t>(n % kClasses);
    }
  }

  void plain(Seconds& seconds) {
    const double start = seconds_now();
    (void)trainer_.train_batch(batch_, kLearningRate);
    seconds.plain.push_back(seconds_now() - start);
  }

  void scored(Seconds& seconds) {
    for (std::uint32_t& sample : batch_.samples) sample = next_sample_++ * 4241u % kSamples;
    const double start = seconds_now();
    const auto step = trainer_.train_batch(batch_, kLearningRate, {}, needs_);
    const double stepped = seconds_now();
    table_.observe(step.observation);
    noise_.observe(step.observation);
    const double end = seconds_now();
    seconds.scored.push_back(end - start);
    seconds.gathering.push_back(end - stepped);
  }

 private:
  static constexpr float kLearningRate = 1e-4f;

  core::ThreadPool pool_;
  nn::Network network_;
  train::Trainer trainer_;
  score::ScoreTable table_;
  score::LabelNoiseEstimate noise_;
  score::ScoreNeeds needs_;
  data::Batch batch_;
  std::uint32_t next_sample_ = 0;
};

// Each kind goes first as often as the other.
Seconds stretch(Steps& steps, double duration) {
  Seconds seconds;
  const double start = seconds_now();
  do {
    steps.plain(seconds);
    steps.scored(seconds);
    steps.scored(seconds);
    steps.plain(seconds);
  } while (seconds_now() - start < duration);
  return seconds;
}

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--network", options.network)->capture_default_str();
  app.add_option("--precision", options.precision)->check(CLI::IsMember(kPrecisions));
  app.add_option("--columns", options.columns, "Scores to gather")->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--seconds", options.seconds, "In all, about")->capture_default_str();
  app.parse(argc, argv);
  return options;
}

int run(const Options& options) {
  if (!nn::is_available(kPrecisions.at(options.precision))) {
    fmt::print("unavailable: {} does not multiply bfloat16\n", nn::simd_target());
    return kUnavailable;
  }
  Steps steps(options);
  Seconds warm_up;
  for (int i = 0; i < kWarmUpSteps; ++i) steps.scored(warm_up);
  std::vector<double> ratios;
  std::vector<double> plain;
  std::vector<double> gathering;
  std::size_t num_steps = 0;
  for (int i = 0; i < kStretches; ++i) {
    const Seconds seconds = stretch(steps, options.seconds / kStretches);
    ratios.push_back(median(seconds.scored) / median(seconds.plain));
    plain.push_back(median(seconds.plain));
    gathering.push_back(median(seconds.gathering));
    num_steps += seconds.plain.size();
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  fmt::print(
      R"({{"network": "{}", "precision": "{}", "batch_size": {}, "threads": {}, "target": "{}", )"
      R"("steps_of_each": {}, "plain_seconds": {:.6g}, "ratio": {:.6g}, )"
      R"("ratio_spread": [{:.6g}, {:.6g}], "gathering_seconds": {:.4g}, "gathering_share": {:.4g}}})"
      "\n",
      options.network, options.precision, options.batch_size, options.threads, nn::simd_target(),
      num_steps, median(plain), median(ratios), *low, *high, median(gathering),
      median(gathering) / median(plain));
  return 0;
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune::benchmarks;
  return benchmark_main("Measures what gathering scores adds to a training step",
                        [&](CLI::App& app) { return run(parse(app, argc, argv)); });
}
