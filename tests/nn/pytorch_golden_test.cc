// Training steps against PyTorch in float64, from the same weights and batches. golden/generate.py
// makes the reference and says how.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/target.h"
#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/optimizer.h"
#include "edgeprune/nn/program.h"

#include "golden/golden.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace edgeprune::nn {
namespace {

using golden::Case;

struct TrainingStep {
  std::vector<float> logits;
  std::vector<float> losses;
  std::vector<float> gradients;  // of the batch's mean loss
};

TrainingStep run_training_step(Program& program, Model& model, std::span<const float> images,
                               std::span<const std::int32_t> labels) {
  const auto batch = static_cast<std::uint32_t>(labels.size());
  const auto logits = program.forward(model, images, batch, Mode::training);
  TrainingStep step{.logits = {logits.begin(), logits.end()},
                    .losses = std::vector<float>(labels.size()),
                    .gradients = std::vector<float>(model.parameters.size())};
  std::vector<float> logit_gradients(logits.size());
  softmax_cross_entropy(
      {.logits = step.logits, .labels = labels, .weights = {}}, {},
      {.losses = step.losses, .probabilities = {}, .logit_gradients = logit_gradients});
  program.backward(model, logit_gradients, step.gradients);
  return step;
}

double mean_square_error(std::span<const float> values, std::span<const double> reference) {
  EXPECT_EQ(values.size(), reference.size());
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double error = static_cast<double>(values[i]) - reference[i];
    sum += error * error;
  }
  return sum / static_cast<double>(values.size());
}

// Row b of an array whose first extent counts batches.
std::span<const double> row(const core::NpyArray& array, std::size_t b) {
  const std::size_t size = array.num_elements() / array.shape[0];
  return array.as<double>().subspan(b * size, size);
}

double root_mean(std::span<const double> sum_of_squares) {
  double sum = 0;
  for (const double square : sum_of_squares) sum += square;
  return std::sqrt(sum / static_cast<double>(sum_of_squares.size()));
}

// --- cnn: our rounding errors beside those of PyTorch's f32 --------------------------------------

struct CnnCase {
  Case golden_case;
  std::string name;
  Shape shape;
};
const CnnCase kRgb{Case::cnn_rgb, "cnn_rgb", {.height = 32, .width = 32, .channels = 3}};
const CnnCase kGray{Case::cnn_gray, "cnn_gray", {.height = 28, .width = 28, .channels = 1}};

constexpr std::uint32_t kBatch = 64;
constexpr std::size_t kProjections = 32;
constexpr std::array kKinds = {"logits", "losses", "gradient", "statistics"};

// Mean squares of the errors: one per batch for every kind.
using Errors = std::map<std::string, std::vector<double>>;

struct Batch {
  std::vector<float> images;
  std::vector<std::int32_t> labels;
};

std::vector<Batch> golden_batches(const CnnCase& cnn_case, const core::SafetensorsFile& reference) {
  std::vector<Batch> batches;
  for (const double number : reference.at("batches").as<double>()) {
    const auto first = static_cast<std::uint64_t>(number) * kBatch;
    batches.push_back(
        {.images = golden::cnn_images(cnn_case.golden_case, first, kBatch, cnn_case.shape),
         .labels = golden::labels(cnn_case.golden_case, first, kBatch, 10)});
  }
  return batches;
}

// For independent signs s, E[(s . e)^2] = |e|^2: the mean over projections estimates the sum of the
// squared errors, which for the whole gradient over 8 batches is good to some 5 percent.
double squared_projection_error(std::span<const double> gradient, std::uint32_t sign_stream,
                                std::span<const double> reference) {
  std::array<double, kProjections> projections{};
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::uint64_t bits = golden::hash(sign_stream, i) >> 32;
    for (std::size_t j = 0; j < kProjections; ++j) {
      projections[j] += (bits >> j & 1) != 0 ? -gradient[i] : gradient[i];
    }
  }
  double sum = 0;
  for (std::size_t j = 0; j < kProjections; ++j) {
    sum += (projections[j] - reference[j]) * (projections[j] - reference[j]);
  }
  return sum / kProjections;
}

double mean_square_gradient_error(const CnnCase& cnn_case, const Network& network,
                                  std::span<const float> gradients,
                                  std::span<const double> projections,
                                  std::span<const double> norms) {
  double sum = 0;
  std::uint32_t t = 0;
  for (const TensorInfo& info : golden::parameter_layout(network)) {
    const std::vector<double> gradient = golden::in_pytorch_order(info, gradients);
    const std::uint32_t stream = golden::stream_of(cnn_case.golden_case, 128 + t);
    sum += squared_projection_error(gradient, stream,
                                    projections.subspan(t * kProjections, kProjections));
    double sum_of_squares = 0;
    for (const double value : gradient) sum_of_squares += value * value;
    EXPECT_NEAR(std::sqrt(sum_of_squares), norms[t], 1e-3 * norms[t]) << info.name;
    ++t;
  }
  return sum / static_cast<double>(gradients.size());
}

Errors measure_errors(const CnnCase& cnn_case, const core::SafetensorsFile& reference,
                      std::span<const Batch> batches) {
  core::ThreadPool pool(2);
  const Network network = cnn(cnn_case.shape, 10);
  Program program(network, {.max_batch = kBatch}, pool);
  Errors errors;
  for (std::size_t b = 0; b < batches.size(); ++b) {
    Model model = golden::starting_model(network, cnn_case.golden_case);
    const TrainingStep step =
        run_training_step(program, model, batches[b].images, batches[b].labels);
    EXPECT_EQ(model.num_batches_tracked, 1u);
    errors["logits"].push_back(mean_square_error(step.logits, row(reference.at("logits"), b)));
    errors["losses"].push_back(mean_square_error(step.losses, row(reference.at("losses"), b)));
    errors["statistics"].push_back(
        mean_square_error(model.statistics, row(reference.at("statistics"), b)));
    errors["gradient"].push_back(mean_square_gradient_error(
        cnn_case, network, step.gradients, row(reference.at("gradient_projections"), b),
        row(reference.at("gradient_norms"), b)));
  }
  return errors;
}

Errors pytorch_errors(const CnnCase& cnn_case, const std::string& memory_format,
                      std::size_t num_batches) {
  std::ifstream file(std::string(EDGEPRUNE_GOLDEN_DIR) + "/errors.json");
  const nlohmann::json all = nlohmann::json::parse(file);
  Errors errors;
  for (const char* kind : kKinds) {
    errors[kind] = all.at(cnn_case.name).at(memory_format).at(kind).get<std::vector<double>>();
    errors[kind].resize(num_batches);
  }
  return errors;
}

void print_and_record(const std::string& name, double ours, double nchw, double channels_last) {
  fmt::print("{:<34} {:9.2e} {:9.2e} {:9.2e} {:7.2f} {:7.2f}\n", name, ours, nchw, channels_last,
             ours / nchw, ours / channels_last);
  testing::Test::RecordProperty(name, fmt::format("{:.3e} of {:.3e}", ours, channels_last));
}

void print_heading() {
  fmt::print("{:<34} {:>9} {:>9} {:>9} {:>7} {:>7}\n", "root mean square error", "ours", "NCHW",
             "ch. last", "/NCHW", "/ch.l.");
}

void expect_errors_within_pytorchs(const CnnCase& cnn_case) {
  const core::SafetensorsFile reference = golden::read(cnn_case.name);
  const std::vector<Batch> batches = golden_batches(cnn_case, reference);
  const std::vector<std::string> targets = kernels::available_simd_targets();
  print_heading();
  for (const std::string& target : targets) {
    SCOPED_TRACE(target);
    const kernels::ForcedSimdTarget forced(target);
    const std::size_t count = target == targets.front() ? batches.size() : 2;  // slow ones: fewer
    Errors ours = measure_errors(cnn_case, reference, std::span(batches).first(count));
    Errors nchw = pytorch_errors(cnn_case, "nchw", count);
    Errors channels_last = pytorch_errors(cnn_case, "channels_last", count);
    const std::string prefix = fmt::format("{}_{}_", cnn_case.name, target);
    for (const char* kind : kKinds) {
      EXPECT_LE(root_mean(ours[kind]), root_mean(channels_last[kind])) << kind;
      print_and_record(prefix + kind, root_mean(ours[kind]), root_mean(nchw[kind]),
                       root_mean(channels_last[kind]));
    }
  }
}

TEST(PyTorchGolden, CnnOnColourImagesIsAsNearToFloat64AsPyTorch) {
  EXPECT_EQ(num_parameters(cnn(kRgb.shape, 10)), 94'762u);
  expect_errors_within_pytorchs(kRgb);
}

TEST(PyTorchGolden, CnnOnGreyImagesIsAsNearToFloat64AsPyTorch) {
  EXPECT_EQ(num_parameters(cnn(kGray.shape, 10)), 94'186u);
  expect_errors_within_pytorchs(kGray);
}

// --- cnn: drift along 50 steps -------------------------------------------------------------------

std::vector<double> adam_trajectory(const Network& network, Model model,
                                    std::span<const Batch> batches, std::size_t steps) {
  core::ThreadPool pool(2);
  Program program(network, {.max_batch = kBatch}, pool);
  Optimizer optimizer({.kind = OptimizerKind::adam}, model.parameters.size());
  std::vector<double> means;
  for (std::size_t s = 0; s < steps; ++s) {
    const Batch& batch = batches[s % batches.size()];
    const TrainingStep step = run_training_step(program, model, batch.images, batch.labels);
    optimizer.step(1e-3f, step.gradients, model.parameters, pool);
    double sum = 0;
    for (const float loss : step.losses) sum += loss;
    means.push_back(sum / static_cast<double>(step.losses.size()));
  }
  return means;
}

double root_mean_square_drift(std::span<const double> losses, std::span<const double> reference) {
  std::vector<double> sum_of_squares;
  for (std::size_t s = 0; s < losses.size(); ++s) {
    sum_of_squares.push_back((losses[s] - reference[s]) * (losses[s] - reference[s]));
  }
  return root_mean(sum_of_squares);
}

// Sanitizers make a step twenty times slower: one start is enough to find what they look for.
#if defined(EDGEPRUNE_SANITIZED)
constexpr std::size_t kMaxStarts = 1;
#else
constexpr std::size_t kMaxStarts = 4;
#endif

// A training run amplifies rounding, so that single steps tell little: the drift is the root mean
// square over the steps of all starts, and may be twice PyTorch's.
TEST(PyTorchGolden, CnnLossesDriftFromFloat64NoMoreThanTwicePyTorchs) {
  const core::SafetensorsFile reference = golden::read(kRgb.name);
  const std::vector<Batch> batches = golden_batches(kRgb, reference);
  const core::NpyArray& trajectory = reference.at("trajectory");
  const std::size_t starts = std::min(trajectory.shape[1], kMaxStarts);
  const std::size_t steps = trajectory.shape[2];
  const Network network = cnn(kRgb.shape, 10);
  std::vector<double> ours;
  for (std::uint32_t start = 0; start < starts; ++start) {
    const Model model = golden::starting_model(network, kRgb.golden_case, start);
    const std::vector<double> losses = adam_trajectory(network, model, batches, steps);
    ours.insert(ours.end(), losses.begin(), losses.end());
  }
  const auto float64 = row(trajectory, 0).first(ours.size());
  const auto nchw = row(trajectory, 1).first(ours.size());
  const auto channels_last = row(trajectory, 2).first(ours.size());
  print_heading();
  for (std::size_t start = 0; start < starts; ++start) {
    const auto drift = [&](std::span<const double> losses) {
      return root_mean_square_drift(losses.subspan(start * steps, steps),
                                    float64.subspan(start * steps, steps));
    };
    print_and_record(fmt::format("losses_of_{}_adam_steps_start_{}", steps, start), drift(ours),
                     drift(nchw), drift(channels_last));
  }
  const double drift = root_mean_square_drift(ours, float64);
  print_and_record("losses_of_adam_steps", drift, root_mean_square_drift(nchw, float64),
                   root_mean_square_drift(channels_last, float64));
  EXPECT_LE(drift, 2 * root_mean_square_drift(channels_last, float64));
}

// --- small networks: every number ----------------------------------------------------------------

struct SmallNetwork {
  Case golden_case;
  std::string name;
  Network network;
  std::uint32_t samples;
};

Network strided() {
  Network net({.height = 7, .width = 9, .channels = 3});
  const Value x =
      net.convolution("conv", net.input(),
                      {.out_channels = 5, .kernel = 3, .stride = 2, .padding = 1, .bias = true});
  net.set_output(net.linear("fc", x, 4));
  return net;
}

Network wide_kernel() {
  Network net({.height = 6, .width = 5, .channels = 2});
  Value x = net.convolution("conv1", net.input(), {.out_channels = 6, .kernel = 5, .padding = 2});
  x = net.convolution("conv2", net.relu(x), {.out_channels = 3, .kernel = 2, .bias = true});
  net.set_output(net.linear("fc", net.relu(x), 4));
  return net;
}

Network residual() {
  Network net({.height = 7, .width = 6, .channels = 4});
  const ConvolutionOptions same{.out_channels = 6, .kernel = 3, .padding = 1};
  ConvolutionOptions stem = same;
  stem.bias = true;
  const Value x = net.relu(net.convolution("stem", net.input(), stem));
  Value y = net.relu(net.batch_norm("bn1", net.convolution("conv1", x, same)));
  y = net.batch_norm("bn2", net.convolution("conv2", y, same));
  y = net.max_pool(net.relu6(net.add(y, x)), {.window = 3, .stride = 2, .padding = 1});
  net.set_output(net.linear("fc", y, 4));
  return net;
}

Network projection() {
  Network net({.height = 11, .width = 9, .channels = 3});
  Value x = net.convolution("stem", net.input(), {.out_channels = 5, .kernel = 3, .padding = 1});
  x = net.relu(net.batch_norm("bn0", x, {.epsilon = 1e-3f, .momentum = 0.25f}));
  const Value y = net.batch_norm(
      "bn1",
      net.convolution("conv1", x, {.out_channels = 7, .kernel = 3, .stride = 2, .padding = 1}));
  const Value shortcut = net.batch_norm(
      "bn2", net.convolution("shortcut", x, {.out_channels = 7, .kernel = 1, .stride = 2}));
  x = net.max_pool(net.relu(net.add(y, shortcut)));
  x = net.convolution("conv2", x, {.out_channels = 4, .kernel = 3, .padding = 1});
  net.set_output(net.linear("fc", net.global_average_pool(x), 3, false));
  return net;
}

std::vector<SmallNetwork> small_networks() {
  return {{Case::strided, "strided", strided(), 3},
          {Case::wide_kernel, "wide_kernel", wide_kernel(), 4},
          {Case::residual, "residual", residual(), 5},
          {Case::projection, "projection", projection(), 6},
          {Case::mlp, "mlp", mlp({.channels = 12}, {16, 8}, 3), 7}};
}

// Rounding leaves up to a dozen float epsilons of the tensor's largest element, through some five
// layers and sums of a few hundred terms that partly cancel; 64 are allowed. A wrong index leaves
// something of order one.
void expect_near_all(std::span<const double> values, std::span<const double> reference,
                     const std::string& what, double& worst) {
  ASSERT_EQ(values.size(), reference.size()) << what;
  double largest = 0;
  for (const double value : reference) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], reference[i], 64 * 0x1p-23 * largest) << what << ", element " << i;
    worst = std::max(worst, std::abs(values[i] - reference[i]) / largest);
  }
}

std::vector<double> to_double(std::span<const float> values) {
  return {values.begin(), values.end()};
}

void expect_golden_step(const SmallNetwork& small, int threads, double& worst) {
  const core::SafetensorsFile reference = golden::read("networks");
  const auto expected = [&](const std::string& what) {
    return reference.at(small.name + "." + what).as<double>();
  };
  const std::vector<float> images = golden::small_images(small.golden_case, small.samples,
                                                         small.network.operations().front().shape);
  const std::vector<std::int32_t> labels =
      golden::labels(small.golden_case, 0, small.samples, small.network.num_classes());
  core::ThreadPool pool(threads);
  Program program(small.network, {.max_batch = small.samples + 3}, pool);
  Model model = golden::starting_model(small.network, small.golden_case);
  // A smaller batch first: nothing of it may remain.
  Model other = model;
  (void)run_training_step(program, other, std::span(images).last(2 * images.size() / small.samples),
                          std::span(labels).last(2));

  const TrainingStep step = run_training_step(program, model, images, labels);
  expect_near_all(to_double(step.logits), expected("logits"), "logits", worst);
  for (const TensorInfo& info : golden::parameter_layout(small.network)) {
    expect_near_all(golden::in_pytorch_order(info, step.gradients),
                    expected("gradient." + info.name), "gradient of " + info.name, worst);
  }
  expect_near_all(to_double(model.statistics), expected("statistics"), "statistics", worst);
  const auto logits = program.forward(model, images, small.samples, Mode::evaluation);
  expect_near_all(to_double(logits), expected("evaluation_logits"), "evaluation logits", worst);
}

TEST(PyTorchGolden, SmallNetworksAgreeInEveryNumber) {
  for (const std::string& target : kernels::available_simd_targets()) {
    const kernels::ForcedSimdTarget forced(target);
    for (const SmallNetwork& small : small_networks()) {
      double worst = 0;
      for (const int threads : {1, 2, 5}) {
        SCOPED_TRACE(fmt::format("{} on {} with {} threads", small.name, target, threads));
        expect_golden_step(small, threads, worst);
      }
      RecordProperty(small.name + "_" + target, fmt::format("{:.1e}", worst));
    }
  }
}

}  // namespace
}  // namespace edgeprune::nn
