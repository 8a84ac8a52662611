#pragma once
// The inputs and the files of generate*.py, which say what each is. Every input
// is recreated from integers, so that both sides start from the same bits.

#include "edgeprune/core/safetensors.h"
#include "edgeprune/nn/model.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::golden {

/// The numbers of CASES in both generators; a case owns the 256 streams from 256 times its number,
/// a deep one (from 4096 on) the 4096 streams.
enum class Case : std::uint32_t {
  cnn_rgb = 1,
  cnn_gray,
  strided,
  wide_kernel,
  residual,
  projection,
  mlp,
  optimizers,
  loss,
  muon,
  mobilenet_v2 = 4096,
  resnet34 = 4112,
  mobilenet_v2_narrow = 4128,
  resnet_narrow = 4144,
};

inline std::uint32_t stream_of(Case golden_case, std::uint32_t offset) {
  return 256 * static_cast<std::uint32_t>(golden_case) + offset;
}

inline core::SafetensorsFile read(const std::string& name) {
  return core::read_safetensors(std::string(EDGEPRUNE_GOLDEN_DIR) + "/" + name + ".safetensors");
}

inline std::uint64_t hash(std::uint32_t stream, std::uint64_t index) {
  std::uint64_t z = ((std::uint64_t{stream} << 32) | index) + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

inline float uniform(std::uint32_t stream, std::uint64_t index) {
  return static_cast<float>(hash(stream, index) >> 40) * 0x1p-24f;
}

inline std::vector<std::int32_t> labels(Case golden_case, std::uint64_t first, std::size_t count,
                                        std::uint32_t classes) {
  std::vector<std::int32_t> result(count);
  for (std::size_t n = 0; n < count; ++n) {
    const std::uint64_t bits = hash(stream_of(golden_case, 1), first + n) >> 40;
    result[n] = static_cast<std::int32_t>(bits % classes);
  }
  return result;
}

inline std::vector<float> small_images(Case golden_case, std::size_t count,
                                       const nn::Shape& shape) {
  std::vector<float> values(count * shape.num_values());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = 16 * uniform(stream_of(golden_case, 0), i) - 8;
  }
  return values;
}

/// The smooth pattern of one class at one place: bilinear between corners 8 pixels apart, x 64.
inline std::int64_t class_pattern(Case golden_case, std::uint64_t plane, std::uint32_t y,
                                  std::uint32_t x) {
  std::int64_t sum = 0;
  for (std::uint32_t corner = 0; corner < 4; ++corner) {
    const std::uint32_t dy = corner / 2;
    const std::uint32_t dx = corner % 2;
    const std::uint64_t index = (plane * 5 + y / 8 + dy) * 5 + x / 8 + dx;
    const auto height =
        static_cast<std::int64_t>(hash(stream_of(golden_case, 2), index) >> 53) - 1024;
    const std::uint32_t weight = (dy == 1 ? y % 8 : 8 - y % 8) * (dx == 1 ? x % 8 : 8 - x % 8);
    sum += height * weight;
  }
  return sum;
}

inline std::vector<float> cnn_images(Case golden_case, std::uint64_t first, std::size_t count,
                                     const nn::Shape& shape) {
  const std::vector<std::int32_t> classes = labels(golden_case, first, count, 10);
  std::vector<float> images;
  images.reserve(count * shape.num_values());
  for (std::size_t n = 0; n < count; ++n) {
    const auto brightness =
        static_cast<std::int64_t>(hash(stream_of(golden_case, 3), first + n) >> 48) - 32768;
    const auto label = static_cast<std::uint64_t>(classes[n]);
    for (std::uint32_t y = 0; y < shape.height; ++y) {
      for (std::uint32_t x = 0; x < shape.width; ++x) {
        for (std::uint32_t c = 0; c < shape.channels; ++c) {
          const std::uint64_t index = first * shape.num_values() + images.size();
          const auto noise =
              static_cast<std::int64_t>(hash(stream_of(golden_case, 0), index) >> 46) - 131072;
          const std::int64_t pattern = class_pattern(golden_case, label * shape.channels + c, y, x);
          images.push_back(static_cast<float>(pattern + brightness + noise) * 0x1p-16f);
        }
      }
    }
  }
  return images;
}

/// Where element i of a tensor in PyTorch's order (weights: out x in x height x width) lies in ours
/// (height x width x in x out).
inline std::size_t inside_index(const nn::TensorInfo& info, std::size_t i) {
  if (info.role > nn::TensorRole::linear_weight) return i;  // not a weight
  const std::size_t x = i % info.kernel_width;
  const std::size_t y = i / info.kernel_width % info.kernel_height;
  const std::size_t pixels = std::size_t{info.kernel_width} * info.kernel_height;
  const std::size_t in = i / pixels % info.in_channels;
  const std::size_t out = i / pixels / info.in_channels;
  return ((y * info.kernel_width + x) * info.in_channels + in) * info.out_channels + out;
}

/// The trainable tensors in order; element t has generate.py's parameter number t.
inline std::vector<nn::TensorInfo> parameter_layout(const nn::Network& network) {
  std::vector<nn::TensorInfo> layout;
  for (const nn::TensorInfo& info : nn::tensor_layout(network)) {
    if (!info.is_statistic()) layout.push_back(info);
  }
  return layout;
}

inline float parameter_value(const nn::TensorInfo& info, float u) {
  switch (info.role) {
    case nn::TensorRole::convolution_weight:
    case nn::TensorRole::depthwise_weight:
    case nn::TensorRole::linear_weight: {
      const std::size_t fan_in =
          std::size_t{info.kernel_height} * info.kernel_width * info.in_channels;
      return (2 * u - 1) * static_cast<float>(1.0 / std::sqrt(static_cast<double>(fan_in)));
    }
    case nn::TensorRole::batch_norm_weight:
      return 0.5f + u;
    default:
      return u - 0.5f;
  }
}

inline nn::Model starting_model(const nn::Network& network, Case golden_case,
                                std::uint32_t start = 0) {
  nn::Model model = nn::initial_model(network, 0);  // for the statistics: 0 and 1
  std::uint32_t stream = stream_of(golden_case, 16) + 65536 * start;
  for (const nn::TensorInfo& info : parameter_layout(network)) {
    for (std::size_t i = 0; i < info.size; ++i) {
      model.parameters[info.offset + inside_index(info, i)] =
          parameter_value(info, uniform(stream, i));
    }
    ++stream;
  }
  return model;
}

/// The model whose every number is the upper half of a float, in the order of generate_deep.py.
inline nn::Model trained_model(const nn::Network& network, std::span<const std::uint16_t> weights) {
  nn::Model model = nn::initial_model(network, 0);  // for the sizes
  std::size_t next = 0;
  for (const nn::TensorInfo& info : nn::tensor_layout(network)) {
    std::vector<float>& values = info.is_statistic() ? model.statistics : model.parameters;
    for (std::size_t i = 0; i < info.size; ++i) {
      values[info.offset + inside_index(info, i)] =
          std::bit_cast<float>(std::uint32_t{weights[next++]} << 16);
    }
  }
  return model;
}

/// One tensor of a flat gradient, in PyTorch's order.
inline std::vector<double> in_pytorch_order(const nn::TensorInfo& info,
                                            std::span<const float> values) {
  std::vector<double> result(info.size);
  for (std::size_t i = 0; i < info.size; ++i) {
    result[i] = values[info.offset + inside_index(info, i)];
  }
  return result;
}

}  // namespace edgeprune::golden
