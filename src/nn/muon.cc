#include "muon.h"

#include "edgeprune/kernels/updates.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace edgeprune::nn {
namespace {

// Floats that are worth a thread.
constexpr std::size_t kGrain = 8192;
// Columns of a transposed matrix that are walked together: a cache line of the weight.
constexpr std::size_t kBlock = 16;

std::vector<TallShape> shapes_of(std::span<const MuonMatrix> matrices) {
  std::vector<TallShape> shapes;
  for (const MuonMatrix& matrix : matrices) shapes.push_back(matrix.tall());
  return shapes;
}

// The sum of part(begin, count) over the tasks that share out [0, size), added in their order.
template <typename Part>
double sum_over_tasks(std::size_t size, core::ThreadPool& pool, Part&& part) {
  double sums[core::kMaxTasks] = {};
  pool.for_tasks(core::cut_into_tasks(size, kGrain), [&](const core::Task& task) {
    sums[task.index] = part(task.begin, task.end - task.begin);
  });
  return std::accumulate(std::begin(sums), std::end(sums), 0.0);
}

double squares_of(const float* values, std::size_t size, core::ThreadPool& pool) {
  return sum_over_tasks(size, pool, [values](std::size_t begin, std::size_t count) {
    return kernels::sum_of_squares(values + begin, count);
  });
}

// Calls body(place in the weight, place in T) for the elements of T's rows [begin, end).
template <typename Body>
void for_elements(const MuonMatrix& matrix, std::size_t begin, std::size_t end, Body&& body) {
  const std::size_t stride = matrix.tall().stride();
  if (!matrix.is_transposed()) {
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t j = 0; j < matrix.outputs; ++j) body(i * matrix.outputs + j, i * stride + j);
    }
    return;
  }
  for (std::size_t first = begin; first < end; first += kBlock) {
    const std::size_t last = std::min(first + kBlock, end);
    for (std::size_t i = 0; i < matrix.inputs; ++i) {
      for (std::size_t j = first; j < last; ++j) body(i * matrix.outputs + j, j * stride + i);
    }
  }
}

// The same for all rows, on all threads.
template <typename Body>
void for_all_elements(const MuonMatrix& matrix, core::ThreadPool& pool, Body&& body) {
  const TallShape tall = matrix.tall();
  const core::TaskCut cut =
      core::cut_into_tasks((tall.rows + kBlock - 1) / kBlock, kGrain / (kBlock * tall.columns) + 1);
  pool.for_tasks(cut, [&](const core::Task& task) {
    for_elements(matrix, task.begin * kBlock, std::min(task.end * kBlock, tall.rows), body);
  });
}

// Of a matrix whose singular values are all 1.
double natural_norm(const MuonMatrix& matrix) {
  return std::sqrt(static_cast<double>(matrix.tall().columns));
}

}  // namespace

TallShape MuonMatrix::tall() const {
  return {.rows = std::max(inputs, outputs), .columns = std::min(inputs, outputs)};
}

Muon::Muon(const OptimizerOptions& options, std::vector<MuonMatrix> matrices)
    : options_(options), matrices_(std::move(matrices)), newton_schulz_(shapes_of(matrices_)) {}

std::size_t Muon::memory_bytes(std::span<const MuonMatrix> matrices) {
  return NewtonSchulz::memory_bytes(shapes_of(matrices));
}

void Muon::step(float learning_rate, std::span<const float> gradients, std::span<float> parameters,
                std::span<float> momentum, core::ThreadPool& pool) {
  const float rate = learning_rate * options_.muon_learning_rate_factor;
  for (const MuonMatrix& matrix : matrices_) {
    step({.matrix = matrix,
          .gradient = gradients.data() + matrix.offset,
          .weight = parameters.data() + matrix.offset,
          .momentum = momentum.data() + matrix.in_state},
         rate, pool);
  }
}

Muon::Factors Muon::factors(const MuonMatrix& matrix, float rate, double norm) const {
  if (options_.muon_keeps_norm) {
    return {.step = static_cast<float>(rate * (norm / natural_norm(matrix)))};
  }
  const double ratio = static_cast<double>(matrix.outputs) / static_cast<double>(matrix.inputs);
  return {.shrink = 1 - rate * options_.weight_decay,
          .step = static_cast<float>(rate * std::sqrt(std::max(1.0, ratio)))};
}

void Muon::step(const Update& update, float rate, core::ThreadPool& pool) {
  const MuonMatrix& matrix = update.matrix;
  const double direction =
      std::sqrt(sum_over_tasks(matrix.size(), pool, [&](std::size_t begin, std::size_t count) {
        return kernels::nesterov_update(options_.muon_momentum, update.gradient + begin, count,
                                        update.momentum + begin);
      }));
  const bool keeps_norm = options_.muon_keeps_norm;
  double norm = keeps_norm ? std::sqrt(squares_of(update.weight, matrix.size(), pool)) : 0;
  if (norm == 0) norm = natural_norm(matrix);
  write_direction(update, direction, pool);
  newton_schulz_.run(matrix.tall(), options_.muon_iterations, pool);
  apply(update, factors(matrix, rate, norm), pool);
  if (!keeps_norm) return;
  const double moved = std::sqrt(squares_of(update.weight, matrix.size(), pool));
  if (moved == 0) return;
  const auto back = static_cast<float>(norm / moved);
  pool.for_tasks(core::cut_into_tasks(matrix.size(), kGrain), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) update.weight[i] *= back;
  });
}

// T = u / |u|; nothing moves where u is zero.
void Muon::write_direction(const Update& update, double norm, core::ThreadPool& pool) {
  const float* const gradient = update.gradient;
  const float* const momentum = update.momentum;
  float* const matrix = newton_schulz_.matrix();
  const float mu = options_.muon_momentum;
  const auto scale = static_cast<float>(norm > 0 ? 1 / norm : 0);
  for_all_elements(update.matrix, pool, [=](std::size_t in_weight, std::size_t in_matrix) {
    matrix[in_matrix] = scale * (gradient[in_weight] + mu * momentum[in_weight]);
  });
}

void Muon::apply(const Update& update, const Factors& factors, core::ThreadPool& pool) {
  float* const weight = update.weight;
  const float* const matrix = newton_schulz_.matrix();
  for_all_elements(update.matrix, pool, [=](std::size_t in_weight, std::size_t in_matrix) {
    weight[in_weight] = factors.shrink * weight[in_weight] - factors.step * matrix[in_matrix];
  });
}

}  // namespace edgeprune::nn
