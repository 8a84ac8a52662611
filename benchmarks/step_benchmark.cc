// Measures training steps: forward pass, loss, backward pass, Adam. Public headers only, as a user
// would write the loop.
//
//   step_benchmark --network mobilenet_v2 --batch-size 64 --threads 2 --seconds 5
//   step_benchmark --network mobilenet_v2 --first-step
//
// Without --seconds it answers lines on its standard input (protocol.h).

#include "edgeprune/core/error.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/target.h"
#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/nn/program.h"

#include "protocol.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

constexpr nn::Shape kImage{.height = 32, .width = 32, .channels = 3};
constexpr std::uint32_t kClasses = 10;
constexpr int kWarmUpSteps = 2;

struct Options {
  std::string network = "mobilenet_v2";
  std::string precision = "f32";
  std::string target;  // empty: the best this CPU has
  std::uint32_t batch_size = 64;
  int threads = 2;
  double seconds = 0;  // 0: converse
  bool profile = false;
  bool first_step = false;
  bool recompute = false;
};

nn::Precision precision_of(const Options& options) {
  return options.precision == "bf16" ? nn::Precision::bf16 : nn::Precision::f32;
}

/// Since the kernel started this process, to 10 ms: loading the libraries counts, too.
double seconds_since_process_start() {
  constexpr int kFieldsBefore = 19;  // of /proc/self/stat, between the name and the start time
  std::ifstream stat("/proc/self/stat");
  std::string word;
  while (stat >> word && word.back() != ')') continue;
  for (int i = 0; i < kFieldsBefore; ++i) stat >> word;
  double ticks = 0;
  if (!(stat >> ticks)) throw std::runtime_error("/proc/self/stat cannot be read");
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
         ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

class TrainingLoop {
 public:
  explicit TrainingLoop(const Options& options)
      : batch_size_(options.batch_size),
        network_(nn::build_network({.name = options.network}, kImage, kClasses)),
        pool_(options.threads),
        program_(network_,
                 {.max_batch = options.batch_size,
                  .precision = precision_of(options),
                  .recompute = options.recompute,
                  .profile = options.profile},
                 pool_),
        model_(nn::initial_model(network_, 1)),
        optimizer_({.kind = nn::OptimizerKind::adam}, model_.parameters.size()),
        images_(options.batch_size * kImage.num_values()),
        labels_(options.batch_size),
        losses_(options.batch_size),
        logit_gradients_(std::size_t{options.batch_size} * kClasses),
        gradients_(model_.parameters.size()) {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      images_[i] = static_cast<float>(i * 2654435761u % 4096) / 2048 - 1;
    }
    for (std::size_t n = 0; n < labels_.size(); ++n) {
      labels_[n] = static_cast<std::int32_t>(n % kClasses);
    }
  }

  void step() {
    ++steps_;
    const auto logits = program_.forward(model_, images_, batch_size_, nn::Mode::training);
    nn::softmax_cross_entropy(
        {.logits = logits, .labels = labels_, .weights = {}}, {},
        {.losses = losses_, .probabilities = {}, .logit_gradients = logit_gradients_});
    program_.backward(model_, logit_gradients_, gradients_);
    optimizer_.step(1e-3f, gradients_, model_.parameters, pool_);
  }

  double images_per_second(double seconds) {
    const double start = seconds_now();
    double elapsed = 0;
    std::uint64_t images = 0;
    do {
      step();
      images += batch_size_;
      elapsed = seconds_now() - start;
    } while (elapsed < seconds);
    return static_cast<double>(images) / elapsed;
  }

  void print_profile() const {
    for (const nn::StepProfile& step : program_.profile()) {
      fmt::print("{:32} forward {:8.3f} ms  backward {:8.3f} ms\n", step.name,
                 1e3 * step.forward_seconds / static_cast<double>(steps_),
                 1e3 * step.backward_seconds / static_cast<double>(steps_));
    }
  }

  [[nodiscard]] std::size_t program_bytes() const { return program_.memory().total_bytes(); }
  /// Weights, running statistics, gradients and Adam's two moments.
  [[nodiscard]] std::size_t model_bytes() const {
    return sizeof(float) * (4 * model_.parameters.size() + model_.statistics.size());
  }

 private:
  std::uint32_t batch_size_;
  nn::Network network_;
  core::ThreadPool pool_;
  nn::Program program_;
  nn::Model model_;
  nn::Optimizer optimizer_;
  std::vector<float> images_;
  std::vector<std::int32_t> labels_;
  std::vector<float> losses_;
  std::vector<float> logit_gradients_;
  std::vector<float> gradients_;
  std::uint64_t steps_ = 0;
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--network", options.network, "One of nn::network_names()")->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--precision", options.precision)
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  app.add_option("--target", options.target, "Force a SIMD target, such as AVX2");
  app.add_option("--seconds", options.seconds, "Measure once for so long, print it and leave");
  app.add_flag("--first-step", options.first_step,
               "Print the seconds from the start of the process to the end of a step and leave");
  app.add_flag("--recompute", options.recompute, "Keep few activations, compute the rest again");
  app.add_flag("--profile", options.profile, "Also print the time of every step of the program");
  app.parse(argc, argv);
  return options;
}

int run(const Options& options) {
  std::optional<kernels::ForcedSimdTarget> forced;
  if (!options.target.empty()) forced.emplace(options.target);
  if (!nn::is_available(precision_of(options))) {
    fmt::print("unavailable: {} does not multiply bfloat16\n", nn::simd_target());
    return kUnavailable;
  }
  TrainingLoop loop(options);
  if (options.first_step) {
    loop.step();
    fmt::print("first_step_seconds {:.2f}\n", seconds_since_process_start());
    return 0;
  }
  for (int i = 0; i < kWarmUpSteps; ++i) loop.step();
  converse(
      {.images_per_second = [&](double seconds) { return loop.images_per_second(seconds); },
       .memory =
           [&] {
             return fmt::format(
                 R"({{"peak_rss_bytes": {}, "program_bytes": {}, "model_bytes": {}}})",
                 peak_rss_bytes(), loop.program_bytes(), loop.model_bytes());
           },
       .description = fmt::format(
           R"({{"network": "{}", "precision": "{}", "batch_size": {}, "threads": {}, "target": "{}"}})",
           options.network, options.precision, options.batch_size, options.threads,
           nn::simd_target())},
      options.seconds);
  if (options.profile) loop.print_profile();
  return 0;
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  CLI::App app("Measures training steps of edgeprune's engine");
  try {
    return edgeprune::benchmarks::run(edgeprune::benchmarks::parse(app, argc, argv));
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print("unavailable: {}\n", error.what());
    return edgeprune::benchmarks::kUnavailable;
  }
}
