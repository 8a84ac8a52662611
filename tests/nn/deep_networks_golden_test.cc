// Training steps of deep networks against PyTorch in float64: the full ones at their start, narrow
// ones in trained states. golden/generate_deep.py makes the reference and says how.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/target.h"
#include "edgeprune/nn/loss.h"
#include "edgeprune/nn/model_file.h"
#include "edgeprune/nn/networks.h"
#include "edgeprune/nn/program.h"

#include "golden/golden.h"
#include "support/temp_directory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace edgeprune::nn {
namespace {

using golden::Case;

constexpr Shape kImage{.height = 32, .width = 32, .channels = 3};
constexpr std::uint32_t kBatch = 64;
constexpr std::size_t kProjections = 8;
constexpr std::uint32_t kGradientSigns = 2048;
constexpr std::uint32_t kStatisticSigns = 3072;
constexpr double kVanishing = 1e-6;  // gradients so much shorter than the longest are rounding

// Our error may be twice that of PyTorch's faster format, channels_last. (NCHW's is printed too.)
// In any batch either side may be the one whose ReLUs flip, and a median over a handful of batches
// still depends on which did.
constexpr double kFactor = 2;

struct DeepCase {
  Case golden_case;
  std::string name;
  Network network;
};

// Mean squares of the errors, one per batch, by kind.
using Errors = std::map<std::string, std::vector<double>>;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Row b of an array whose first extent counts batches.
std::span<const double> row(const core::NpyArray& array, std::size_t b) {
  const std::size_t size = array.num_elements() / array.shape[0];
  return array.as<double>().subspan(b * size, size);
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

// For independent signs s, E[(s . e)^2] = |e|^2: the mean over the projections estimates |error|^2.
double squared_projection_error(std::span<const double> values, std::uint32_t sign_stream,
                                std::span<const double> reference) {
  std::array<double, kProjections> projections{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t bits = golden::hash(sign_stream, i) >> 32;
    for (std::size_t j = 0; j < kProjections; ++j) {
      projections[j] += (bits >> j & 1) != 0 ? -values[i] : values[i];
    }
  }
  double sum = 0;
  for (std::size_t j = 0; j < kProjections; ++j) {
    sum += (projections[j] - reference[j]) * (projections[j] - reference[j]);
  }
  return sum / kProjections;
}

// |error|^2 / |tensor|^2, the mean over tensors; a vanishing tensor must vanish in ours too.
double relative_square_error(const std::vector<TensorInfo>& layout, std::uint32_t sign_stream,
                             std::span<const float> values, std::span<const double> norms,
                             std::span<const double> projections) {
  const double largest = *std::max_element(norms.begin(), norms.end());
  double sum = 0;
  int tensors = 0;
  for (std::size_t t = 0; t < layout.size(); ++t) {
    const std::vector<double> tensor = golden::in_pytorch_order(layout[t], values);
    const double error =
        squared_projection_error(tensor, sign_stream + static_cast<std::uint32_t>(t),
                                 projections.subspan(t * kProjections, kProjections));
    if (norms[t] > kVanishing * largest) {
      sum += error / (norms[t] * norms[t]);
      ++tensors;
    } else {
      EXPECT_LT(std::sqrt(error), 1e-4 * largest) << layout[t].name;
    }
  }
  return sum / tensors;
}

class DeepNetwork {
 public:
  DeepNetwork(const DeepCase& deep, const core::SafetensorsFile& reference)
      : deep_(deep),
        reference_(reference),
        pool_(2),
        program_(deep.network, {.max_batch = kBatch}, pool_) {
    for (const TensorInfo& info : tensor_layout(deep.network)) {
      (info.is_statistic() ? statistics_ : parameters_).push_back(info);
    }
  }

  void measure(std::uint32_t b, Errors& errors) {
    const std::vector<float> images =
        golden::cnn_images(deep_.golden_case, std::uint64_t{kBatch} * b, kBatch, kImage);
    const std::vector<std::int32_t> labels =
        golden::labels(deep_.golden_case, std::uint64_t{kBatch} * b, kBatch, 10);
    Model model = start(b);
    if (reference_.tensors.contains("evaluation_logits")) {
      record("evaluation_logits", b, program_.forward(model, images, kBatch, Mode::evaluation),
             errors);
    }
    const auto logits = program_.forward(model, images, kBatch, Mode::training);
    record("logits", b, logits, errors);
    std::vector<float> losses(kBatch);
    std::vector<float> logit_gradients(logits.size());
    softmax_cross_entropy(
        {.logits = logits, .labels = labels, .weights = {}}, {},
        {.losses = losses, .probabilities = {}, .logit_gradients = logit_gradients});
    record("losses", b, losses, errors);
    std::vector<float> gradients(model.parameters.size());
    program_.backward(model, logit_gradients, gradients);
    record_tensors("gradient", b, parameters_, kGradientSigns, gradients, errors);
    record_tensors("statistics", b, statistics_, kStatisticSigns, model.statistics, errors);
  }

 private:
  [[nodiscard]] Model start(std::uint32_t b) const {
    const auto weights = reference_.tensors.find("weights");
    return weights == reference_.tensors.end()
               ? golden::starting_model(deep_.network, deep_.golden_case, b)
               : golden::trained_model(deep_.network, weights->second.as<std::uint16_t>());
  }

  void record(const std::string& kind, std::uint32_t b, std::span<const float> values,
              Errors& errors) const {
    errors[kind].push_back(mean_square_error(values, row(reference_.at(kind), b)));
  }

  void record_tensors(const std::string& kind, std::uint32_t b,
                      const std::vector<TensorInfo>& layout, std::uint32_t signs,
                      std::span<const float> values, Errors& errors) const {
    errors[kind].push_back(relative_square_error(
        layout, golden::stream_of(deep_.golden_case, signs), values,
        row(reference_.at(kind + "_norms"), b), row(reference_.at(kind + "_projections"), b)));
  }

  const DeepCase& deep_;
  const core::SafetensorsFile& reference_;
  core::ThreadPool pool_;
  Program program_;
  std::vector<TensorInfo> parameters_;
  std::vector<TensorInfo> statistics_;
};

// The root of the median over all batches.
double pytorch_error(const core::SafetensorsFile& reference, const std::string& memory_format,
                     const std::string& kind) {
  const auto sum_of_squares = reference.at(memory_format + "." + kind).as<double>();
  return std::sqrt(median({sum_of_squares.begin(), sum_of_squares.end()}));
}

void expect_errors_like_pytorchs(const DeepCase& deep, const std::string& target,
                                 std::size_t max_batches) {
  SCOPED_TRACE(target);
  const kernels::ForcedSimdTarget forced(target);
  const core::SafetensorsFile reference = golden::read(deep.name);
  DeepNetwork network(deep, reference);
  Errors errors;
  const std::size_t batches = std::min(max_batches, reference.at("losses").shape[0]);
  for (std::uint32_t b = 0; b < batches; ++b) network.measure(b, errors);
  for (const auto& [kind, sum_of_squares] : errors) {
    const double ours = std::sqrt(median(sum_of_squares));
    const double nchw = pytorch_error(reference, "nchw", kind);
    const double channels_last = pytorch_error(reference, "channels_last", kind);
    const std::string name = fmt::format("{}_{}_{}", deep.name, target, kind);
    fmt::print("{:<50} {:9.2e} {:9.2e} {:9.2e} {:7.2f} {:7.2f}\n", name, ours, nchw, channels_last,
               ours / nchw, ours / channels_last);
    ::testing::Test::RecordProperty(name, fmt::format("{:.3e} of {:.3e}", ours, channels_last));
    EXPECT_LE(ours, kFactor * channels_last) << kind;
  }
}

constexpr std::size_t kAll = 1000;
constexpr std::size_t kFew = 3;  // on slow targets

void expect_errors_like_pytorchs_on_every_target(const DeepCase& deep) {
  const std::vector<std::string> targets = kernels::available_simd_targets();
  for (const std::string& target : targets) {
    expect_errors_like_pytorchs(deep, target, target == targets.front() ? kAll : kFew);
  }
}

// The goldens count elements in PyTorch's order; model files, tested on their own, say which that
// is.
TEST(DeepNetworks, GoldenOrderIsThatOfModelFiles) {
  const Network network = mobilenet_v2(kImage, {.width_multiplier = 0.25f}, 10);
  const Model model = golden::starting_model(network, Case::mobilenet_v2_narrow);
  const testing::TempDirectory directory;
  const std::string path = directory / "golden_order.safetensors";
  write_model(path, network, model);
  const core::SafetensorsFile file = core::read_safetensors(path);
  for (const TensorInfo& info : golden::parameter_layout(network)) {
    const auto stored = file.at(info.name).as<float>();
    const std::vector<double> ordered = golden::in_pytorch_order(info, model.parameters);
    EXPECT_TRUE(std::equal(stored.begin(), stored.end(), ordered.begin(), ordered.end()))
        << info.name;
  }
}

TEST(DeepNetworks, ResNet34AtTheStartIsAsNearToFloat64AsPyTorch) {
  const DeepCase deep{Case::resnet34, "resnet34", resnet(kImage, {}, 10)};
  expect_errors_like_pytorchs(deep, kernels::simd_target(), kAll);
}

TEST(DeepNetworks, MobileNetV2AtTheStartIsAsNearToFloat64AsPyTorch) {
  const DeepCase deep{Case::mobilenet_v2, "mobilenet_v2", mobilenet_v2(kImage, {}, 10)};
  expect_errors_like_pytorchs(deep, kernels::simd_target(), kAll);
}

TEST(DeepNetworks, NarrowTrainedMobileNetV2IsAsNearToFloat64AsPyTorch) {
  expect_errors_like_pytorchs_on_every_target(
      {Case::mobilenet_v2_narrow, "mobilenet_v2_narrow",
       mobilenet_v2(kImage, {.width_multiplier = 0.25f}, 10)});
}

TEST(DeepNetworks, NarrowTrainedResNetIsAsNearToFloat64AsPyTorch) {
  expect_errors_like_pytorchs_on_every_target(
      {Case::resnet_narrow, "resnet_narrow",
       resnet(kImage, {.blocks = {2, 2, 2, 2}, .channels = 16}, 10)});
}

}  // namespace
}  // namespace edgeprune::nn
