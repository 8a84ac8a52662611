#include "principal_components.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>
#include <utility>

namespace edgeprune::train {
namespace {

// Converges quadratically: 6 to 10 sweeps for any size here.
constexpr int kMostSweeps = 40;
// Of the largest variance: rounding leaves about 1e-15 where there is none.
constexpr double kNoVariance = 1e-10;

// A matrix and the rotations that make it diagonal, by rows (Golub and Van Loan, "Matrix
// Computations", 8.5: cyclic Jacobi).
class Jacobi {
 public:
  Jacobi(std::vector<double> matrix, std::size_t size)
      : size_(size), matrix_(std::move(matrix)), directions_(size * size) {
    for (std::size_t i = 0; i < size; ++i) directions_[i * size + i] = 1;
  }

  void diagonalise() {
    for (int sweep = 0; sweep < kMostSweeps && !is_diagonal(); ++sweep) {
      for (std::size_t p = 0; p + 1 < size_; ++p) {
        for (std::size_t q = p + 1; q < size_; ++q) rotate(p, q);
      }
    }
  }

  [[nodiscard]] double value(std::size_t i) const { return matrix_[i * size_ + i]; }
  [[nodiscard]] std::span<const double> direction(std::size_t i) const {
    return std::span(directions_).subspan(i * size_, size_);
  }

 private:
  [[nodiscard]] bool is_diagonal() const {
    double off = 0;
    double all = 0;
    for (std::size_t i = 0; i < matrix_.size(); ++i) {
      const double square = matrix_[i] * matrix_[i];
      all += square;
      if (i / size_ != i % size_) off += square;
    }
    return off <= 1e-28 * all;
  }

  // Makes the elements (p, q) and (q, p) zero.
  void rotate(std::size_t p, std::size_t q) {
    const double both = matrix_[p * size_ + q];
    if (both == 0) return;
    const double half = (value(q) - value(p)) / (2 * both);
    const double tangent = (half < 0 ? -1 : 1) / (std::abs(half) + std::hypot(half, 1.0));
    const double cosine = 1 / std::hypot(tangent, 1.0);
    const double sine = tangent * cosine;
    const auto turn = [&](double& a, double& b) {
      a = cosine * a - sine * std::exchange(b, sine * a + cosine * b);
    };
    for (std::size_t i = 0; i < size_; ++i) turn(matrix_[i * size_ + p], matrix_[i * size_ + q]);
    for (std::size_t i = 0; i < size_; ++i) turn(matrix_[p * size_ + i], matrix_[q * size_ + i]);
    for (std::size_t i = 0; i < size_; ++i) {
      turn(directions_[p * size_ + i], directions_[q * size_ + i]);
    }
  }

  const std::size_t size_;
  std::vector<double> matrix_;
  std::vector<double> directions_;  // one per row
};

std::vector<double> with_positive_largest(std::span<const double> direction) {
  const auto largest =
      std::ranges::max_element(direction, {}, [](double value) { return std::abs(value); });
  const double sign = *largest < 0 ? -1 : 1;
  std::vector<double> turned(direction.begin(), direction.end());
  for (double& value : turned) value *= sign;
  return turned;
}

}  // namespace

PrincipalComponents principal_components(std::vector<double> covariance, std::size_t size) {
  Jacobi jacobi(std::move(covariance), size);
  jacobi.diagonalise();
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return jacobi.value(i); });
  PrincipalComponents components;
  for (const std::size_t i : order) {
    if (jacobi.value(i) <= kNoVariance * jacobi.value(order.front())) break;
    components.variances.push_back(jacobi.value(i));
    components.directions.push_back(with_positive_largest(jacobi.direction(i)));
  }
  return components;
}

}  // namespace edgeprune::train
