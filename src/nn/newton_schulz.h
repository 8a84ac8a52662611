#pragma once
// Newton-Schulz iterations: they bring the singular values of a matrix near 1 and leave its
// singular vectors. One iteration of X = T^T, with r rows and n >= r columns, is
//
//   A = X X^T,  X <- aX + (bA + cA^2)X,  (a, b, c) = (3.4445, -4.7750, 2.0315)
//
// (Jordan et al. 2024, "Muon"). It is not computed so: X X^T of the next X is B A B with
// B = aI + bA + cA^2, and all of these are symmetric, r x r, and commute. So the iterations run on
// r x r matrices, half of each computed, and X is multiplied once, by the product of the Bs: three
// iterations take 1.5 r^2 n + 4.5 r^3 multiply-adds in place of 6 r^2 n + 3 r^3.
//
// A has rounding errors of some 1e-7 where X has no direction, and an iteration multiplies them by
// a^2 = 12. After kTogether iterations X is therefore multiplied and A made anew.

#include "edgeprune/core/aligned_buffer.h"
#include "edgeprune/core/thread_pool.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::nn {

/// T, with at least as many rows as columns.
struct TallShape {
  std::size_t rows = 0;     // n
  std::size_t columns = 0;  // r

  /// Floats from a row to the next: whole vectors on every SIMD target.
  [[nodiscard]] std::size_t stride() const { return (columns + 15) / 16 * 16; }
};

/// FLOPs by definition, two a multiply-add: 4 r^2 n + 2 r^3 for each iteration.
[[nodiscard]] double newton_schulz_flops(const TallShape& shape, std::uint32_t iterations);

class NewtonSchulz {
 public:
  /// Allocates for the largest of them.
  explicit NewtonSchulz(std::span<const TallShape> shapes);
  [[nodiscard]] static std::size_t memory_bytes(std::span<const TallShape> shapes);

  /// T: to be filled before run(), which replaces it; what lies behind a row's columns is scrap.
  [[nodiscard]] float* matrix() { return floats_.data(); }
  /// The singular values of T must be at most 1. The bits do not depend on the pool's size.
  void run(const TallShape& shape, std::uint32_t iterations, core::ThreadPool& pool);

 private:
  // Symmetric, r x r.
  struct Square {
    float* data = nullptr;
    const float** rows = nullptr;
  };
  struct Polynomial {
    float constant = 0;
    float linear = 0;
    float quadratic = 0;
  };
  void lay_out(const TallShape& shape);
  void iterate(std::uint32_t iterations, core::ThreadPool& pool);
  void multiply(std::span<const float* const> left, const float* right, const Square& product,
                const Polynomial* polynomial, core::ThreadPool& pool);
  void multiply(const Square& left, const Square& right, const Square& product,
                core::ThreadPool& pool);
  void place(float* panel, std::size_t first, std::size_t end, const Polynomial* polynomial,
             const Square& product) const;
  void multiply_matrix(core::ThreadPool& pool);
  void multiply_rows(std::size_t begin, std::size_t end, float* memory);

  core::AlignedBuffer floats_;
  std::vector<const float*> rows_;
  TallShape shape_;
  // In floats_: T, the squares, the packed factor of T, and what each task works in.
  Square gram_, step_, product_, spare_;
  float* packed_ = nullptr;
  float* task_memory_ = nullptr;
};

}  // namespace edgeprune::nn
