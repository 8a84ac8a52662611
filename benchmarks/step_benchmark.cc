// Measures training steps: forward pass, loss, backward pass, update. Public headers only, as a
// user would write the loop.
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

#include "benchmark_main.h"
#include "precisions.h"
#include "protocol.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

constexpr std::uint32_t kClasses = 10;
constexpr int kWarmUpSteps = 2;
const std::map<std::string, nn::OptimizerKind> kOptimizers = {{"adam", nn::OptimizerKind::adam},
                                                              {"muon", nn::OptimizerKind::muon}};

struct Options {
  std::string network = "mobilenet_v2";
  std::string precision = "f32";
  std::string optimizer = "adam";
  std::string target;  // empty: the best this CPU has
  std::vector<std::uint32_t> input = {32, 32, 3};
  std::uint32_t batch_size = 64;
  int threads = 2;
  double seconds = 0;  // 0: converse
  bool profile = false;
  bool first_step = false;
  bool recompute = false;
};

nn::Shape shape_of(const Options& options) {
  return {options.input[0], options.input[1], options.input[2]};
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

/// A row of the profile, per step of training: seconds, FLOPs by the network's description, bytes.
std::string row_json(const nn::StepProfile& row, double forward_flops, double backward_flops) {
  return fmt::format(
      R"({{"name": "{}", "kind": "{}", "output": [{}, {}, {}], "forward_seconds": {:.6g}, )"
      R"("backward_seconds": {:.6g}, "forward_flops": {:.8g}, "backward_flops": {:.8g}, )"
      R"("forward_bytes": {:.8g}, "backward_bytes": {:.8g}}})",
      row.name, row.kind, row.output.height, row.output.width, row.output.channels,
      row.forward_seconds, row.backward_seconds, forward_flops, backward_flops, row.forward_bytes,
      row.backward_bytes);
}

nn::StepProfile per_step(const nn::StepProfile& now, const nn::StepProfile& before, double steps) {
  nn::StepProfile row = now;
  row.forward_seconds = (now.forward_seconds - before.forward_seconds) / steps;
  row.backward_seconds = (now.backward_seconds - before.backward_seconds) / steps;
  row.forward_bytes = (now.forward_bytes - before.forward_bytes) / steps;
  row.backward_bytes = (now.backward_bytes - before.backward_bytes) / steps;
  return row;
}

class TrainingLoop {
 public:
  explicit TrainingLoop(const Options& options)
      : batch_size_(options.batch_size),
        network_(nn::build_network({.name = options.network}, shape_of(options), kClasses)),
        pool_(options.threads),
        program_(network_,
                 {.max_batch = options.batch_size,
                  .precision = kPrecisions.at(options.precision),
                  .recompute = options.recompute,
                  .profile = options.profile},
                 pool_),
        model_(nn::initial_model(network_, 1)),
        optimizer_({.kind = kOptimizers.at(options.optimizer)}, network_, nn::Freeze::none),
        images_(options.batch_size * shape_of(options).num_values()),
        labels_(options.batch_size),
        losses_(options.batch_size),
        logit_gradients_(std::size_t{options.batch_size} * kClasses),
        gradients_(model_.parameters.size()),
        update_{.name = options.optimizer, .kind = "optimizer", .output = {0, 0, 0}} {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      images_[i] = static_cast<float>(i * 2654435761u % 4096) / 2048 - 1;
    }
    for (std::size_t n = 0; n < labels_.size(); ++n) {
      labels_[n] = static_cast<std::int32_t>(n % kClasses);
    }
  }

  void step() {
    ++steps_;
    const double start = seconds_now();
    const auto logits = program_.forward(model_, images_, batch_size_, nn::Mode::training);
    const double went_forward = seconds_now();
    nn::softmax_cross_entropy(
        {.logits = logits, .labels = labels_, .weights = {}}, {},
        {.losses = losses_, .probabilities = {}, .logit_gradients = logit_gradients_});
    const double has_loss = seconds_now();
    program_.backward(model_, logit_gradients_, gradients_);
    const double went_back = seconds_now();
    optimizer_.step(1e-3f, gradients_, model_.parameters, pool_);
    const double end = seconds_now();
    loss_.forward_seconds += has_loss - went_forward;
    update_.backward_seconds += end - went_back;
    step_seconds_ += end - start;
    count_bytes_beside_program();
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
    fmt::print("{:32} update  {:8.3f} ms\n", update_.name,
               1e3 * update_.backward_seconds / static_cast<double>(steps_));
  }

  /// Of the steps since the last call.
  std::string profile_json() {
    std::vector<nn::StepProfile> rows = program_.profile();
    rows.push_back(loss_);
    rows.push_back(update_);
    last_rows_.resize(rows.size());
    const auto steps = static_cast<double>(steps_ - last_steps_);
    std::string json;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Flops flops = flops_of(rows[i].name);
      json += (json.empty() ? "" : ", ") +
              row_json(per_step(rows[i], last_rows_[i], steps), flops.forward, flops.backward);
    }
    json = fmt::format(R"({{"steps": {}, "seconds": {:.6g}, "rows": [{}]}})", steps,
                       (step_seconds_ - last_seconds_) / steps, json);
    last_rows_ = rows;
    last_steps_ = steps_;
    last_seconds_ = step_seconds_;
    return json;
  }

  [[nodiscard]] std::size_t program_bytes() const { return program_.memory().total_bytes(); }
  /// Weights, running statistics, gradients and Adam's two moments.
  [[nodiscard]] std::size_t model_bytes() const {
    return sizeof(float) * (4 * model_.parameters.size() + model_.statistics.size());
  }

 private:
  // The loss reads logits and writes their gradients; Adam reads gradients, parameters and two
  // moments and writes the last three.
  void count_bytes_beside_program() {
    loss_.forward_bytes += static_cast<double>(2 * sizeof(float) * logit_gradients_.size());
    update_.backward_bytes += static_cast<double>(7 * sizeof(float) * gradients_.size());
  }

  struct Flops {
    double forward = 0;
    double backward = 0;
  };
  // Of a batch; only operations with parameters have any, and those have names.
  [[nodiscard]] Flops flops_of(const std::string& name) const {
    for (const nn::Operation& operation : network_.operations()) {
      if (operation.name != name || name.empty()) continue;
      return {batch_size_ * network_.forward_flops(operation),
              batch_size_ * network_.backward_flops(operation)};
    }
    return {};
  }

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
  double step_seconds_ = 0;
  // Beside the program's steps.
  nn::StepProfile loss_{
      .name = "softmax_cross_entropy", .kind = "loss", .output = {1, 1, kClasses}};
  nn::StepProfile update_;
  // At the last profile_json().
  std::vector<nn::StepProfile> last_rows_;
  std::uint64_t last_steps_ = 0;
  double last_seconds_ = 0;
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--network", options.network, "One of nn::network_names()")->capture_default_str();
  app.add_option("--input", options.input, "Height, width and channels of an image")
      ->expected(3)
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--precision", options.precision)
      ->check(CLI::IsMember(kPrecisions))
      ->capture_default_str();
  app.add_option("--optimizer", options.optimizer)
      ->check(CLI::IsMember(kOptimizers))
      ->capture_default_str();
  app.add_option("--target", options.target, "Force a SIMD target, such as AVX2");
  app.add_option("--seconds", options.seconds, "Measure once for so long, print it and leave");
  app.add_flag("--first-step", options.first_step,
               "Print the seconds from the start of the process to the end of a step and leave");
  app.add_flag("--recompute", options.recompute, "Keep few activations, compute the rest again");
  app.add_flag("--profile", options.profile,
               "Also print the time of every step of the program, or answer `profile`");
  app.parse(argc, argv);
  return options;
}

int run(const Options& options) {
  std::optional<kernels::ForcedSimdTarget> forced;
  if (!options.target.empty()) forced.emplace(options.target);
  if (!nn::is_available(kPrecisions.at(options.precision))) {
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
           nn::simd_target()),
       .profile =
           options.profile ? [&] { return loop.profile_json(); } : std::function<std::string()>()},
      options.seconds);
  if (options.profile && options.seconds > 0) loop.print_profile();
  return 0;
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune::benchmarks;
  return benchmark_main("Measures training steps of edgeprune's engine",
                        [&](CLI::App& app) { return run(parse(app, argc, argv)); });
}
