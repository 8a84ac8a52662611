// The second rival: what oneDNN needs for a network's convolutions and batch norms alone, each in
// the memory layout that it likes best, with no data moved between them.
//
//   onednn_primitives --network mobilenet_v2 --precision bf16 --seconds 5
//
// For every convolution: forward, backward data (not for the first layer), backward weights. For
// every batch norm, in the layout of the convolution before it: forward and backward with scale and
// shift, ReLU fused where a clamp follows. Linear layers, pools, sums, the loss and the optimizer
// cost nothing here, and a primitive repeated in a loop finds its data in the cache: the sum is a
// bound, not something a program could reach. Without --seconds it answers lines on its standard
// input (protocol.h).

#include "edgeprune/nn/networks.h"

#include "benchmark_main.h"
#include "protocol.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

using dnnl::memory;
using nn::Operation;
using nn::OperationKind;

struct Options {
  std::string network = "mobilenet_v2";
  std::string precision = "f32";
  std::uint32_t batch_size = 64;
  int threads = 2;
  double seconds = 0;  // 0: converse
};

// One primitive of the network, and how many times a training step runs it.
struct Timed {
  std::function<void()> execute;
  int count = 1;
};

// Memory that all primitives share, for they run one after another and nobody reads the results:
// what one argument reads is never written, so that no values fade away into slow denormals.
class SharedMemory {
 public:
  explicit SharedMemory(const dnnl::engine& engine) : engine_(engine) {}

  memory operator()(int argument, const memory::desc& desc) {
    std::shared_ptr<memory>& held = held_[argument];
    if (!held || held->get_desc().get_size() < desc.get_size()) {
      held = std::make_shared<memory>(bytes(desc.get_size()), engine_);
      std::fill_n(static_cast<std::uint8_t*>(held->get_data_handle()), desc.get_size(), 0x3d);
    }
    // Views hold the larger memory alive, for a later argument may replace it.
    keep_.push_back(held);
    return {desc, engine_, held->get_data_handle()};
  }

 private:
  static memory::desc bytes(std::size_t size) {
    return {{static_cast<memory::dim>(size)}, memory::data_type::u8, memory::format_tag::a};
  }

  dnnl::engine engine_;
  std::map<int, std::shared_ptr<memory>> held_;
  std::vector<std::shared_ptr<memory>> keep_;
};

class Primitives {
 public:
  Primitives(const nn::Network& network, std::uint32_t batch_size, memory::data_type type)
      : batch_size_(batch_size), type_(type) {
    const std::vector<Operation>& operations = network.operations();
    std::map<std::uint32_t, memory::desc> layouts;  // of the convolutions' results
    for (std::uint32_t id = 0; id < operations.size(); ++id) {
      const Operation& operation = operations[id];
      const bool convolves =
          (operation.kind == OperationKind::convolution && !operation.is_linear) ||
          operation.kind == OperationKind::depthwise;
      if (convolves) {
        const Operation& input = operations[operation.inputs[0]];
        layouts[id] = add_convolution(operation, input.shape, input.kind == OperationKind::input);
      } else if (operation.kind == OperationKind::batch_norm) {
        add_batch_norm(layouts.at(operation.inputs[0]), feeds_clamp(operations, id));
      }
    }
  }

  /// Runs every primitive some times, in all for about `seconds`; images per second of their sum.
  double images_per_second(double seconds) {
    const double share = seconds / static_cast<double>(timed_.size());
    double sum = 0;
    for (const auto& [key, timed] : timed_) sum += timed.count * seconds_of(timed, share);
    return batch_size_ / sum;
  }

 private:
  static bool feeds_clamp(const std::vector<Operation>& operations, std::uint32_t id) {
    return std::any_of(operations.begin(), operations.end(), [id](const Operation& operation) {
      return operation.kind == OperationKind::clamp && operation.inputs[0] == id;
    });
  }

  double seconds_of(const Timed& timed, double share) {
    timed.execute();  // its data into the cache, its code out of the way
    stream_.wait();
    const double start = seconds_now();
    int runs = 0;
    double elapsed = 0;
    do {
      timed.execute();
      stream_.wait();
      ++runs;
      elapsed = seconds_now() - start;
    } while (elapsed < share);
    return elapsed / runs;
  }

  // Layers of the same shape are one entry, run `count` times a step.
  void add(const std::string& key, const dnnl::primitive& primitive,
           std::unordered_map<int, memory> arguments) {
    Timed& timed = timed_[key];
    if (timed.execute) {
      ++timed.count;
      return;
    }
    timed.execute = [this, primitive, arguments = std::move(arguments)] {
      primitive.execute(stream_, arguments);
    };
  }

  memory::desc any(const memory::dims& dims) const {
    return {dims, type_, memory::format_tag::any};
  }

  memory::desc add_convolution(const Operation& operation, const nn::Shape& input, bool is_first) {
    const auto dim = [](std::uint32_t value) { return static_cast<memory::dim>(value); };
    const bool depthwise = operation.kind == OperationKind::depthwise;
    const nn::Shape& output = operation.shape;
    const memory::desc source =
        any({dim(batch_size_), dim(input.channels), dim(input.height), dim(input.width)});
    const memory::desc result =
        any({dim(batch_size_), dim(output.channels), dim(output.height), dim(output.width)});
    const memory::desc weights =
        depthwise ? any({dim(output.channels), 1, 1, dim(operation.kernel.height),
                         dim(operation.kernel.width)})
                  : any({dim(output.channels), dim(input.channels), dim(operation.kernel.height),
                         dim(operation.kernel.width)});
    const memory::dims stride{dim(operation.stride.height), dim(operation.stride.width)};
    const memory::dims padding{dim(operation.padding.height), dim(operation.padding.width)};
    const auto algorithm = dnnl::algorithm::convolution_direct;

    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, source, weights, result, stride, padding,
         padding},
        engine_);
    const std::string key = fmt::format(
        "{}x{}x{}->{}x{}x{} kernel {}x{} stride {} {}", input.height, input.width, input.channels,
        output.height, output.width, output.channels, operation.kernel.height,
        operation.kernel.width, operation.stride.height, depthwise ? "depthwise" : "");
    add(key + " forward", dnnl::convolution_forward(forward),
        {{DNNL_ARG_SRC, shared_(DNNL_ARG_SRC, forward.src_desc())},
         {DNNL_ARG_WEIGHTS, shared_(DNNL_ARG_WEIGHTS, forward.weights_desc())},
         {DNNL_ARG_DST, shared_(DNNL_ARG_DST, forward.dst_desc())}});
    if (!is_first) {
      const dnnl::convolution_backward_data::primitive_desc backward(
          {algorithm, source, weights, result, stride, padding, padding}, engine_, forward);
      add(key + " backward data", dnnl::convolution_backward_data(backward),
          {{DNNL_ARG_DIFF_DST, shared_(DNNL_ARG_DIFF_DST, backward.diff_dst_desc())},
           {DNNL_ARG_WEIGHTS, shared_(DNNL_ARG_WEIGHTS, backward.weights_desc())},
           {DNNL_ARG_DIFF_SRC, shared_(DNNL_ARG_DIFF_SRC, backward.diff_src_desc())}});
    }
    const dnnl::convolution_backward_weights::primitive_desc gradient(
        {algorithm, source, weights, result, stride, padding, padding}, engine_, forward);
    add(key + " backward weights", dnnl::convolution_backward_weights(gradient),
        {{DNNL_ARG_DIFF_DST, shared_(DNNL_ARG_DIFF_DST, gradient.diff_dst_desc())},
         {DNNL_ARG_SRC, shared_(DNNL_ARG_SRC, gradient.src_desc())},
         {DNNL_ARG_DIFF_WEIGHTS, shared_(DNNL_ARG_DIFF_WEIGHTS, gradient.diff_weights_desc())}});
    return forward.dst_desc();
  }

  void add_batch_norm(const memory::desc& layout, bool fuses_relu) {
    using dnnl::normalization_flags;
    auto flags = normalization_flags::use_scale | normalization_flags::use_shift;
    if (fuses_relu) flags |= normalization_flags::fuse_norm_relu;
    const dnnl::batch_normalization_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, layout, 1e-5f, flags}, engine_);
    const dnnl::batch_normalization_backward::primitive_desc backward(
        {dnnl::prop_kind::backward, layout, layout, 1e-5f, flags}, engine_, forward);
    const memory::desc vector({layout.dims()[1]}, memory::data_type::f32, memory::format_tag::a);
    const memory::dims dims = layout.dims();
    const std::string key =
        fmt::format("batch norm {}x{}x{}{}", dims[2], dims[3], dims[1], fuses_relu ? " relu" : "");
    std::unordered_map<int, memory> both = {{DNNL_ARG_SRC, shared_(DNNL_ARG_SRC, layout)},
                                            {DNNL_ARG_MEAN, shared_(DNNL_ARG_MEAN, vector)},
                                            {DNNL_ARG_VARIANCE, shared_(DNNL_ARG_VARIANCE, vector)},
                                            {DNNL_ARG_SCALE, shared_(DNNL_ARG_SCALE, vector)},
                                            {DNNL_ARG_SHIFT, shared_(DNNL_ARG_SHIFT, vector)}};
    if (fuses_relu) {
      both.emplace(DNNL_ARG_WORKSPACE, shared_(DNNL_ARG_WORKSPACE, forward.workspace_desc()));
    }
    auto arguments = both;
    arguments.emplace(DNNL_ARG_DST, shared_(DNNL_ARG_DST, layout));
    add(key + " forward", dnnl::batch_normalization_forward(forward), std::move(arguments));
    both.emplace(DNNL_ARG_DIFF_DST, shared_(DNNL_ARG_DIFF_DST, layout));
    both.emplace(DNNL_ARG_DIFF_SRC, shared_(DNNL_ARG_DIFF_SRC, layout));
    both.emplace(DNNL_ARG_DIFF_SCALE, shared_(DNNL_ARG_DIFF_SCALE, vector));
    both.emplace(DNNL_ARG_DIFF_SHIFT, shared_(DNNL_ARG_DIFF_SHIFT, vector));
    add(key + " backward", dnnl::batch_normalization_backward(backward), std::move(both));
  }

  std::uint32_t batch_size_;
  memory::data_type type_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  SharedMemory shared_{engine_};
  std::map<std::string, Timed> timed_;
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--network", options.network)->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str();
  app.add_option("--threads", options.threads)->capture_default_str();
  app.add_option("--precision", options.precision)
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Measure once for so long, print it and leave");
  app.parse(argc, argv);
  return options;
}

void run(const Options& options) {
  omp_set_num_threads(options.threads);
  const nn::Network network =
      nn::build_network({.name = options.network}, {.height = 32, .width = 32, .channels = 3}, 10);
  Primitives primitives(
      network, options.batch_size,
      options.precision == "bf16" ? memory::data_type::bf16 : memory::data_type::f32);
  converse({.images_per_second = [&](double s) { return primitives.images_per_second(s); },
            .memory = [] { return fmt::format(R"({{"peak_rss_bytes": {}}})", peak_rss_bytes()); },
            .description = fmt::format(
                R"({{"network": "{}", "precision": "{}", "batch_size": {}, "threads": {}}})",
                options.network, options.precision, options.batch_size, options.threads)},
           options.seconds);
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune::benchmarks;
  return benchmark_main("Times oneDNN's convolutions and batch norms of a network",
                        [&](CLI::App& app) {
                          run(parse(app, argc, argv));
                          return 0;
                        });
}
