// One training step from given weights on a given batch, written to files: for
// exactness_vs_pytorch.
//
//   single_step --network resnet34 --model m.safetensors --images x.npy --labels y.npy --output DIR
//
// Reads images (float32, batch x height x width x channels) and labels (integers). Writes to DIR:
// evaluation_logits.npy (before the step), logits.npy, losses.npy, and step.safetensors, shaped as
// a model file: gradients under the names of the parameters, the running statistics after the step.

#include "edgeprune/core/npy.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/program.h"

#include "benchmark_main.h"
#include "precisions.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

struct Options {
  std::string network = "mobilenet_v2";
  std::string precision = "f32";
  std::filesystem::path model;
  std::filesystem::path images;
  std::filesystem::path labels;
  std::filesystem::path output;
  int threads = 2;
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--network", options.network)->capture_default_str();
  app.add_option("--precision", options.precision)->check(CLI::IsMember(kPrecisions));
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--model", options.model)->required();
  app.add_option("--images", options.images)->required();
  app.add_option("--labels", options.labels)->required();
  app.add_option("--output", options.output)->required();
  app.parse(argc, argv);
  return options;
}

int run(const Options& options) {
  const auto precision = kPrecisions.at(options.precision);
  const core::NpyArray images = core::read_npy(options.images);
  const std::vector<std::int64_t> integers =
      core::npy_integers(core::read_npy(options.labels), options.labels.string());
  const std::vector<std::int32_t> labels(integers.begin(), integers.end());
  const auto extent = [&](std::size_t axis) {
    return static_cast<std::uint32_t>(images.shape.at(axis));
  };
  const nn::Network network =
      nn::build_network({.name = options.network},
                        {.height = extent(1), .width = extent(2), .channels = extent(3)}, 10);
  const std::size_t batch = labels.size();
  const std::size_t classes = network.num_classes();
  nn::Model model = nn::read_model(options.model, network);
  core::ThreadPool pool(options.threads);
  nn::Program program(network, {.max_batch = extent(0), .precision = precision}, pool);

  const auto write = [&](const char* name, std::span<const float> values,
                         const std::vector<std::size_t>& shape) {
    core::write_npy(options.output / name, values, shape);
  };
  write("evaluation_logits.npy",
        program.forward(model, images.as<float>(), extent(0), nn::Mode::evaluation),
        {batch, classes});
  const auto logits = program.forward(model, images.as<float>(), extent(0), nn::Mode::training);
  write("logits.npy", logits, {batch, classes});
  std::vector<float> losses(batch);
  std::vector<float> logit_gradients(logits.size());
  nn::softmax_cross_entropy(
      {.logits = logits, .labels = labels, .weights = {}}, {},
      {.losses = losses, .probabilities = {}, .logit_gradients = logit_gradients});
  write("losses.npy", losses, {batch});
  nn::Model step{.parameters = std::vector<float>(model.parameters.size())};
  program.backward(model, logit_gradients, step.parameters);
  step.statistics = model.statistics;
  nn::write_model(options.output / "step.safetensors", network, step);
  return 0;
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune::benchmarks;
  return benchmark_main("Writes what one training step computes",
                        [&](CLI::App& app) { return run(parse(app, argc, argv)); });
}
