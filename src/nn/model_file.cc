#include "edgeprune/nn/model_file.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace edgeprune::nn {
namespace {

constexpr std::string_view kTracked = ".num_batches_tracked";
constexpr std::int64_t kMostBatches = std::int64_t{1} << 53;

// Visits a weight's elements in file order (out, in, row, column) with their index inside.
template <typename Visit>
void for_weight(const TensorInfo& info, Visit&& visit) {
  std::size_t in_file = 0;
  for (std::size_t out = 0; out < info.out_channels; ++out) {
    for (std::size_t in = 0; in < info.in_channels; ++in) {
      for (std::size_t tap = 0; tap < std::size_t{info.kernel_height} * info.kernel_width; ++tap) {
        visit(in_file++, (tap * info.in_channels + in) * info.out_channels + out);
      }
    }
  }
}

bool is_weight(const TensorInfo& info) {
  return info.role == TensorRole::convolution_weight || info.role == TensorRole::depthwise_weight ||
         info.role == TensorRole::linear_weight;
}

std::vector<float> to_file_order(const TensorInfo& info, std::span<const float> inside) {
  std::vector<float> values(inside.begin(), inside.end());
  if (is_weight(info)) {
    for_weight(info, [&](std::size_t file, std::size_t at) { values[file] = inside[at]; });
  }
  return values;
}

void from_file_order(const TensorInfo& info, std::span<const float> file_values,
                     std::span<float> inside) {
  if (is_weight(info)) {
    for_weight(info, [&](std::size_t file, std::size_t at) { inside[at] = file_values[file]; });
  } else {
    std::copy(file_values.begin(), file_values.end(), inside.begin());
  }
}

// "bn1.running_var" -> "bn1.num_batches_tracked"
std::string tracked_name(const TensorInfo& info) {
  return std::string(info.operation()) + std::string(kTracked);
}

std::span<float> values_of(Model& model, const TensorInfo& info) {
  std::vector<float>& flat = info.is_statistic() ? model.statistics : model.parameters;
  return std::span(flat).subspan(info.offset, info.size);
}

void check_tensor(const core::NpyArray& array, const TensorInfo& info) {
  if (array.type != core::ElementType::f32 || array.shape != info.file_shape()) {
    throw core::Error(
        core::ErrorKind::data,
        fmt::format(
            "tensor '{}' is '{}' ({}) where this network needs F32 ({}); use the model file "
            "of the same network, input channels and classes",
            core::printable(info.name), core::npy_type_name(array.type),
            fmt::join(array.shape, ", "), fmt::join(info.file_shape(), ", ")));
  }
}

// A weight that is no number would show as a loss that is none, long after.
void check_values(std::span<const float> values, const TensorInfo& info) {
  const bool is_variance = info.role == TensorRole::running_variance;
  const auto is_bad = [is_variance](float value) {
    return !std::isfinite(value) || (is_variance && value < 0);
  };
  const auto bad = std::find_if(values.begin(), values.end(), is_bad);
  if (bad == values.end()) return;
  throw core::Error(core::ErrorKind::data,
                    fmt::format("tensor '{}' holds {} at index {}, where {} must be; save a model "
                                "whose training did not diverge",
                                core::printable(info.name), *bad, bad - values.begin(),
                                is_variance ? "a variance" : "a finite number"));
}

void take_tracked(const core::SafetensorsFile& file, const std::string& name, Model& model) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) return;
  const auto counts = core::npy_integers(found->second, core::printable(name));
  if (counts.empty()) return;
  if (counts[0] < 0 || counts[0] > kMostBatches) {
    core::reject_file(core::printable(name), fmt::format("{} batches cannot be; save the model "
                                                         "anew",
                                                         counts[0]));
  }
  model.num_batches_tracked = static_cast<std::uint64_t>(counts[0]);
}

// The rows that all of the head's tensors have in the file, where nothing else about them differs
// from the network's; else 0.
std::size_t rows_of_head(const core::SafetensorsFile& file, const Network& network) {
  const Operation* head = network.head();
  std::size_t rows = 0;
  if (head == nullptr) return rows;
  for (const TensorInfo& info : tensor_layout(network)) {
    if (info.operation() != head->name) continue;
    const auto found = file.tensors.find(info.name);
    if (found == file.tensors.end() || found->second.type != core::ElementType::f32) return 0;
    std::vector<std::size_t> shape = found->second.shape;
    if (shape.empty() || (rows != 0 && shape[0] != rows)) return 0;
    rows = shape[0];
    shape[0] = network.num_classes();
    if (shape != info.file_shape()) return 0;
  }
  return rows;
}

// Copies the file's tensors into `model`, all but those of `left_out`, an operation or nullptr.
Model take_tensors(core::SafetensorsFile file, const Network& network, Model model,
                   const Operation* left_out) {
  for (const TensorInfo& info : tensor_layout(network)) {
    if (left_out != nullptr && info.operation() == left_out->name) {
      file.tensors.erase(info.name);
      continue;
    }
    const core::NpyArray& array = file.at(info.name);
    check_tensor(array, info);
    check_values(array.as<float>(), info);
    from_file_order(info, array.as<float>(), values_of(model, info));
    file.tensors.erase(info.name);
    if (info.role != TensorRole::running_variance) continue;
    take_tracked(file, tracked_name(info), model);
    file.tensors.erase(tracked_name(info));
  }
  if (!file.tensors.empty()) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("tensor '{}' belongs to no layer of this network; use the model "
                                  "file of the same network",
                                  core::printable(file.tensors.begin()->first)));
  }
  return model;
}

// Puts the file's name before the message of an error in `action`.
template <typename Action>
auto naming(const std::filesystem::path& path, Action&& action) {
  try {
    return action();
  } catch (const core::Error& error) {
    throw error.of(path.string());
  }
}

// A tensor of the model, in the order of a model file.
std::vector<float> values_for_file(const TensorInfo& info, const Model& model) {
  const std::vector<float>& flat = info.is_statistic() ? model.statistics : model.parameters;
  return to_file_order(info, std::span(flat).subspan(info.offset, info.size));
}

}  // namespace

void write_model(const core::FilePlace& place, const Network& network, const Model& model,
                 const std::map<std::string, std::string>& metadata) {
  const auto tracked = static_cast<std::int64_t>(model.num_batches_tracked);
  // Sorted by name; a null tensor stands for the count of batches.
  const std::vector<TensorInfo> layout = tensor_layout(network);
  std::map<std::string, const TensorInfo*> by_name;
  for (const TensorInfo& info : layout) {
    by_name[info.name] = &info;
    if (info.role == TensorRole::running_variance) by_name[tracked_name(info)] = nullptr;
  }
  std::vector<core::TensorHeader> headers;
  for (const auto& [name, info] : by_name) {
    headers.push_back(info == nullptr
                          ? core::TensorHeader{name, core::ElementType::i64, {}}
                          : core::TensorHeader{name, core::ElementType::f32, info->file_shape()});
  }
  core::SafetensorsWriter writer(place, metadata, std::move(headers));
  for (const auto& [name, info] : by_name) {
    if (info == nullptr) {
      writer.write(std::as_bytes(std::span(&tracked, 1)));
      continue;
    }
    const auto values = values_for_file(*info, model);
    writer.write(std::as_bytes(std::span(values)));
  }
  writer.commit();
}

std::string model_bytes(const Network& network, const Model& model,
                        const std::map<std::string, std::string>& metadata) {
  const auto tracked = static_cast<std::int64_t>(model.num_batches_tracked);
  core::SafetensorsFile file{.metadata = metadata};
  for (const TensorInfo& info : tensor_layout(network)) {
    file.add<float>(info.name, values_for_file(info, model), info.file_shape());
    if (info.role == TensorRole::running_variance) {
      file.add<std::int64_t>(tracked_name(info), std::span(&tracked, 1), {});
    }
  }
  return core::to_bytes(file);
}

Model read_model(const core::FilePlace& place, const Network& network) {
  core::SafetensorsFile file = core::read_safetensors(place);
  return naming(place.path(), [&] {
    return take_tensors(std::move(file), network, initial_model(network, 0), nullptr);
  });
}

StartingModel read_starting_model(const std::filesystem::path& path, const Network& network,
                                  Model initial) {
  core::SafetensorsFile file = core::read_safetensors(path);
  std::size_t replaced = rows_of_head(file, network);
  if (replaced == network.num_classes()) replaced = 0;
  return naming(path, [&]() -> StartingModel {
    const Operation* left_out = replaced > 0 ? network.head() : nullptr;
    return {take_tensors(std::move(file), network, std::move(initial), left_out), replaced};
  });
}

}  // namespace edgeprune::nn
