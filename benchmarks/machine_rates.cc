// What this machine can do, for layer_table: the engine's own matrix product on operands that stay
// in cache, and the memory's rate on arrays far beyond the caches, on all threads at once.
//
//   machine_rates --threads 2 --seconds 2
//
// Prints one JSON object. FLOPs count a multiply-add as two. `bytes_per_second` is the higher of
// the rates of reading and of copying (read, and written past the caches, as the engine writes
// large tensors).

#include "edgeprune/core/aligned_buffer.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/channels.h"
#include "edgeprune/kernels/products.h"
#include "edgeprune/kernels/target.h"

#include "benchmark_main.h"
#include "protocol.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace edgeprune::benchmarks {
namespace {

constexpr std::size_t kRows = 48;                            // a multiple of every register tile
constexpr std::size_t kArrayFloats = std::size_t{32} << 20;  // of each thread
constexpr std::size_t kChunkFloats = std::size_t{8} << 20;   // between two looks at the clock

struct Options {
  std::string target;
  int threads = 2;
  double seconds = 2;
};

// Work per second of all threads together: each repeats `work(thread)`, which says how much it did,
// for about so long.
double rate(core::ThreadPool& pool, double seconds, const std::function<double(int)>& work) {
  // One long task for each thread: all are under way long before the first is done.
  std::vector<double> rates(static_cast<std::size_t>(pool.size()));
  pool.for_tasks({rates.size(), rates.size()}, [&](const core::Task& task) {
    const auto thread = static_cast<int>(task.index);
    (void)work(thread);  // caches and page tables are filled
    double done = 0;
    double elapsed = 0;
    const double start = seconds_now();
    do {
      done += work(thread);
      elapsed = seconds_now() - start;
    } while (elapsed < seconds);
    rates[task.index] = done / elapsed;
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

kernels::ElementType type_of(const float*) {
  return kernels::ElementType::f32;
}
kernels::ElementType type_of(const kernels::BFloat16*) {
  return kernels::ElementType::bf16;
}

// One thread's operands, all ones.
template <typename T>
struct Product {
  explicit Product(std::size_t product_depth) : depth(product_depth) {
    const std::vector<float> ones(depth * columns, 1.0f);
    const auto type = type_of(panel.data());
    panel.resize(kernels::packed_panel_size(type, 1, depth, columns));
    kernels::pack_panel({.data = ones.data(), .row_stride = columns}, 1, depth, columns,
                        kernels::Elements(panel.data(), type));
    for (std::size_t r = 0; r < kRows; ++r) rows.push_back(a.data() + r * depth);
  }

  double multiply() {
    constexpr int kRepeats = 100;
    kernels::ReadAhead nothing;
    for (int i = 0; i < kRepeats; ++i) {
      kernels::product_panel(
          kernels::GatheredRows<T>{.rows = rows.data(), .num_rows = kRows, .segment_length = depth},
          panel.data(), columns, results.data(), nothing);
    }
    return 2.0 * kRepeats * static_cast<double>(kRows * depth * columns);
  }

  std::size_t depth;
  std::size_t columns = kernels::panel_columns();
  std::vector<T> panel;
  std::vector<T> a = std::vector<T>(kRows * depth);
  std::vector<const T*> rows;
  std::vector<float> results = std::vector<float>(kRows * columns);
};

template <typename T>
double product_rate(core::ThreadPool& pool, double seconds) {
  const std::vector<std::size_t> depths = {64, 128, 256};
  double best = 0;
  for (const std::size_t depth : depths) {
    std::vector<Product<T>> products;
    for (int t = 0; t < pool.size(); ++t) products.emplace_back(depth);
    best = std::max(best, rate(pool, seconds / static_cast<double>(depths.size()), [&](int thread) {
                      return products[static_cast<std::size_t>(thread)].multiply();
                    }));
  }
  return best;
}

// Each thread walks over two arrays of its own, chunk after chunk, in large pages as the engine's
// tensors.
class Memory {
 public:
  explicit Memory(core::ThreadPool& pool) : arrays_(static_cast<std::size_t>(pool.size())) {
    pool.for_tasks({arrays_.size(), arrays_.size()},
                   [&](const core::Task& task) { arrays_[task.index] = Arrays(); });
  }

  double read(int thread) {
    Arrays& arrays = of(thread);
    const float* from = arrays.from.data() + arrays.next();
    std::array<float, 64> sums{};  // enough that none waits for its own last addition
    for (std::size_t i = 0; i < kChunkFloats; i += sums.size()) {
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += from[i + k];
    }
    arrays.sum += std::accumulate(sums.begin(), sums.end(), 0.0f);
    return static_cast<double>(kChunkFloats * sizeof(float));
  }

  double copy(int thread) {
    Arrays& arrays = of(thread);
    const std::size_t at = arrays.next();
    const std::size_t columns = kernels::panel_columns();
    kernels::finish_output({.results = arrays.from.data() + at,
                            .num_rows = kChunkFloats / columns,
                            .num_channels = columns},
                           {.out = arrays.to.data() + at,
                            .channels = columns,
                            .stream = kernels::may_stream(kernels::ElementType::f32, columns)},
                           0);
    kernels::finish_streams();
    return static_cast<double>(2 * kChunkFloats * sizeof(float));
  }

  /// So that no compiler leaves the reading out.
  [[nodiscard]] float sum() const {
    return std::accumulate(arrays_.begin(), arrays_.end(), 0.0f,
                           [](float sum, const Arrays& a) { return sum + a.sum; });
  }

 private:
  struct Arrays {
    core::AlignedBuffer from = core::AlignedBuffer(kArrayFloats);
    core::AlignedBuffer to = core::AlignedBuffer(kArrayFloats);
    std::size_t at = 0;
    float sum = 0;

    // Touched, so that no page is new when the clock runs.
    Arrays() {
      std::fill_n(from.data(), from.size(), 1.0f);
      std::fill_n(to.data(), to.size(), 1.0f);
    }
    std::size_t next() {
      at = (at + kChunkFloats) % from.size();
      return at;
    }
  };
  Arrays& of(int thread) { return arrays_[static_cast<std::size_t>(thread)]; }

  std::vector<Arrays> arrays_;
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 1024))->capture_default_str();
  app.add_option("--seconds", options.seconds, "In all, about")->capture_default_str();
  app.add_option("--target", options.target, "Force a SIMD target, such as AVX2");
  app.parse(argc, argv);
  return options;
}

int run(const Options& options) {
  std::optional<kernels::ForcedSimdTarget> forced;
  if (!options.target.empty()) forced.emplace(options.target);
  core::ThreadPool pool(options.threads);
  const double share = options.seconds / 4;
  const double f32 = product_rate<float>(pool, share);
  const std::string bf16 = kernels::bf16_products_available()
                               ? fmt::format("{:.5g}", product_rate<kernels::BFloat16>(pool, share))
                               : "null";
  Memory memory(pool);
  const double read = rate(pool, share, [&](int thread) { return memory.read(thread); });
  const double copy = rate(pool, share, [&](int thread) { return memory.copy(thread); });
  fmt::print(R"({{"threads": {}, "target": "{}", "f32_flops_per_second": {:.5g}, )"
             R"("bf16_flops_per_second": {}, "read_bytes_per_second": {:.5g}, )"
             R"("copy_bytes_per_second": {:.5g}, "bytes_per_second": {:.5g}, "checksum": {}}})"
             "\n",
             options.threads, kernels::simd_target(), f32, bf16, read, copy, std::max(read, copy),
             memory.sum());
  return 0;
}

}  // namespace
}  // namespace edgeprune::benchmarks

int main(int argc, char** argv) {
  using namespace edgeprune::benchmarks;
  return benchmark_main("Measures products in cache and the rate of memory",
                        [&](CLI::App& app) { return run(parse(app, argc, argv)); });
}
