#include "newton_schulz.h"

#include "edgeprune/kernels/products.h"

#include <algorithm>
#include <utility>

namespace edgeprune::nn {
namespace {

constexpr float kConstant = 3.4445f;
constexpr float kLinear = -4.7750f;
constexpr float kQuadratic = 2.0315f;

constexpr std::uint32_t kTogether = 3;
// Rows of T that are multiplied at once: whole register tiles.
constexpr std::size_t kRowsAtOnce = 24;
// The widest panels of any SIMD target.
constexpr std::size_t kMaxPanel = 64;
// Multiply-adds that are worth a thread.
constexpr std::size_t kProductsOfATask = 200'000;
constexpr std::size_t kSquares = 4;

// Columns of a square that are computed together. Half a panel keeps the arithmetic units busy, and
// there are more of them to share out.
std::size_t square_panel() {
  return std::max<std::size_t>(16, kernels::panel_columns() / 2);
}

core::TaskCut cut_by_work(std::size_t count, std::size_t work_of_one) {
  return core::cut_into_tasks(count, kProductsOfATask / std::max<std::size_t>(work_of_one, 1) + 1);
}

core::TaskCut cut_of_squares(const TallShape& shape, std::size_t num_rows) {
  const std::size_t panels = (shape.columns + square_panel() - 1) / square_panel();
  return cut_by_work(panels, num_rows * shape.columns * square_panel() / 2);
}

core::TaskCut cut_of_rows(const TallShape& shape) {
  return cut_by_work((shape.rows + kRowsAtOnce - 1) / kRowsAtOnce,
                     kRowsAtOnce * shape.columns * shape.columns);
}

std::size_t floats_of_task(const TallShape& shape) {
  return std::max(shape.columns * kMaxPanel / 2, kRowsAtOnce * (kMaxPanel + shape.stride()));
}

std::size_t num_tasks(const TallShape& shape) {
  return std::max(cut_of_squares(shape, shape.rows).num_tasks, cut_of_rows(shape).num_tasks);
}

std::size_t square_floats(const TallShape& shape) {
  return shape.columns * shape.stride();
}

std::size_t packed_floats(const TallShape& shape) {
  return shape.columns * (shape.stride() + kMaxPanel);
}

std::size_t floats_of(const TallShape& shape) {
  return shape.rows * shape.stride() + kSquares * square_floats(shape) + packed_floats(shape) +
         num_tasks(shape) * floats_of_task(shape);
}

std::size_t rows_of(const TallShape& shape) {
  return shape.rows + kSquares * shape.columns;
}

template <typename Size>
std::size_t largest(std::span<const TallShape> shapes, Size&& size) {
  std::size_t most = 0;
  for (const TallShape& shape : shapes) most = std::max(most, size(shape));
  return most;
}

}  // namespace

double newton_schulz_flops(const TallShape& shape, std::uint32_t iterations) {
  const auto n = static_cast<double>(shape.rows);
  const auto r = static_cast<double>(shape.columns);
  return iterations * (4 * r * r * n + 2 * r * r * r);
}

NewtonSchulz::NewtonSchulz(std::span<const TallShape> shapes)
    : floats_(largest(shapes, floats_of)), rows_(largest(shapes, rows_of)) {}

std::size_t NewtonSchulz::memory_bytes(std::span<const TallShape> shapes) {
  return sizeof(float) * largest(shapes, floats_of) +
         sizeof(const float*) * largest(shapes, rows_of);
}

void NewtonSchulz::lay_out(const TallShape& shape) {
  shape_ = shape;
  float* floats = floats_.data();
  const float** rows = rows_.data();
  const auto place_rows = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) rows[i] = floats + i * shape.stride();
    floats += count * shape.stride();
    rows += count;
  };
  place_rows(shape.rows);
  for (Square* square : {&gram_, &step_, &product_, &spare_}) {
    *square = {floats, rows};
    place_rows(shape.columns);
  }
  packed_ = floats;
  task_memory_ = packed_ + packed_floats(shape);
}

void NewtonSchulz::run(const TallShape& shape, std::uint32_t iterations, core::ThreadPool& pool) {
  lay_out(shape);
  while (iterations > 0) {
    const std::uint32_t together = std::min(iterations, kTogether);
    multiply({rows_.data(), shape_.rows}, matrix(), gram_, nullptr, pool);
    iterate(together, pool);
    multiply_matrix(pool);
    iterations -= together;
  }
}

// Leaves in product_ what so many iterations multiply T by.
void NewtonSchulz::iterate(std::uint32_t iterations, core::ThreadPool& pool) {
  constexpr Polynomial kStep{kConstant, kLinear, kQuadratic};
  for (std::uint32_t i = 0; i < iterations; ++i) {
    multiply({gram_.rows, shape_.columns}, gram_.data, step_, &kStep, pool);
    if (i + 1 < iterations) {
      multiply(gram_, step_, spare_, pool);
      multiply(spare_, step_, gram_, pool);
    }
    if (i == 0) {
      std::swap(product_, step_);
    } else {
      multiply(product_, step_, spare_, pool);
      std::swap(product_, spare_);
    }
  }
}

void NewtonSchulz::multiply(const Square& left, const Square& right, const Square& product,
                            core::ThreadPool& pool) {
  multiply({left.rows, shape_.columns}, right.data, product, nullptr, pool);
}

// product = left^T right, which is symmetric: panels of columns, down to the diagonal. With a
// polynomial, that of the Gram matrix, whose square left^T right then is.
void NewtonSchulz::multiply(std::span<const float* const> left, const float* right,
                            const Square& product, const Polynomial* polynomial,
                            core::ThreadPool& pool) {
  pool.for_tasks(cut_of_squares(shape_, left.size()), [&](const core::Task& task) {
    float* const panel = task_memory_ + task.index * floats_of_task(shape_);
    for (std::size_t i = task.begin; i < task.end; ++i) {
      const std::size_t first = i * square_panel();
      const std::size_t end = std::min(first + square_panel(), shape_.columns);
      const std::size_t width = kernels::padded_columns(end - first);
      kernels::ReadAhead nothing;
      kernels::outer_product({.rows = left.data(), .num_rows = left.size(), .segment_length = end},
                             right + first, shape_.stride(), width, panel, width, false, nothing);
      place(panel, first, end, polynomial, product);
    }
  });
}

// A panel's part above the diagonal, and its mirror image: no other panel writes there.
void NewtonSchulz::place(float* panel, std::size_t first, std::size_t end,
                         const Polynomial* polynomial, const Square& product) const {
  const std::size_t stride = shape_.stride();
  const std::size_t width = kernels::padded_columns(end - first);
  float* const to = product.data;
  for (std::size_t i = 0; i < end; ++i) {
    float* const from = panel + i * width;
    if (polynomial != nullptr) {
      const float* const a = gram_.data + i * stride + first;
      for (std::size_t j = 0; j < end - first; ++j) {
        from[j] = polynomial->linear * a[j] + polynomial->quadratic * from[j];
      }
      if (i >= first) from[i - first] += polynomial->constant;
    }
    const std::size_t begin = std::max(i, first);
    std::copy_n(from + (begin - first), end - begin, to + i * stride + begin);
  }
  for (std::size_t j = first; j < end; ++j) {
    const float* const column = panel + (j - first);
    for (std::size_t i = 0; i < j; ++i) to[j * stride + i] = column[i * width];
  }
}

// T <- T product_
void NewtonSchulz::multiply_matrix(core::ThreadPool& pool) {
  const std::size_t width = kernels::panel_columns();
  for (std::size_t first = 0; first < shape_.columns; first += width) {
    kernels::pack_panel({.data = product_.data + first, .row_stride = shape_.stride()}, 1,
                        shape_.columns, std::min(width, shape_.columns - first),
                        packed_ + first * shape_.columns);
  }
  pool.for_tasks(cut_of_rows(shape_), [&](const core::Task& task) {
    float* const memory = task_memory_ + task.index * floats_of_task(shape_);
    for (std::size_t block = task.begin; block < task.end; ++block) {
      const std::size_t begin = block * kRowsAtOnce;
      multiply_rows(begin, std::min(begin + kRowsAtOnce, shape_.rows), memory);
    }
  });
}

// All panels of some rows before the first of these rows is replaced.
void NewtonSchulz::multiply_rows(std::size_t begin, std::size_t end, float* memory) {
  const std::size_t stride = shape_.stride();
  float* const panel = memory;
  float* const results = memory + kRowsAtOnce * kMaxPanel;
  const std::size_t columns = shape_.columns;
  for (std::size_t first = 0; first < columns; first += kernels::panel_columns()) {
    const std::size_t count = std::min(kernels::panel_columns(), columns - first);
    kernels::ReadAhead nothing;
    kernels::product_panel(
        {.rows = rows_.data() + begin, .num_rows = end - begin, .segment_length = columns},
        packed_ + first * columns, count, panel, nothing);
    for (std::size_t i = 0; i < end - begin; ++i) {
      std::copy_n(panel + i * kernels::padded_columns(count), count, results + i * stride + first);
    }
  }
  std::copy_n(results, (end - begin) * stride, matrix() + begin * stride);
}

}  // namespace edgeprune::nn
