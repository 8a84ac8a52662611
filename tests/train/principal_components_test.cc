#include "principal_components.h"

#include "edgeprune/core/random.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgeprune::train {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// [[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, -1).
TEST(PrincipalComponents, OfTwoValuesAreAsWorkedOutByHand) {
  const PrincipalComponents components = principal_components({2, 1, 1, 2}, 2);
  ASSERT_EQ(components.variances.size(), 2u);
  EXPECT_NEAR(components.variances[0], 3, 1e-14);
  EXPECT_NEAR(components.variances[1], 1, 1e-14);
  const double half = std::sqrt(0.5);
  EXPECT_NEAR(components.directions[0][0], half, 1e-14);
  EXPECT_NEAR(components.directions[0][1], half, 1e-14);
  EXPECT_NEAR(std::abs(components.directions[1][0]), half, 1e-14);
  EXPECT_NEAR(components.directions[1][0], -components.directions[1][1], 1e-14);
}

TEST(PrincipalComponents, OfADiagonalAreItsAxesByFallingVariance) {
  const PrincipalComponents components = principal_components({1, 0, 0, 0, 5, 0, 0, 0, 3}, 3);
  EXPECT_EQ(components.variances, (std::vector<double>{5, 3, 1}));
  EXPECT_EQ(components.directions,
            (std::vector<std::vector<double>>{{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}));
}

TEST(PrincipalComponents, LeavesDirectionsWithoutVarianceOut) {
  EXPECT_EQ(principal_components({1, 1, 1, 1}, 2).directions.size(), 1u);
  EXPECT_TRUE(principal_components({0, 0, 0, 0}, 2).directions.empty());
}

struct Covariance {
  std::size_t size = 1;
  std::vector<double> matrix;
};

// Of more vectors than values, so that every direction varies.
Covariance any_covariance(std::size_t size, std::uint64_t seed) {
  core::RandomStream draws({.seed = seed});
  Covariance result{size, std::vector<double>(size * size)};
  std::vector<double> vector(size);
  for (std::size_t k = 0; k < 3 * size; ++k) {
    for (double& value : vector) value = 2 * double{draws.uniform()} - 1;
    for (std::size_t i = 0; i < size * size; ++i) {
      result.matrix[i] += vector[i / size] * vector[i % size];
    }
  }
  return result;
}

// Orthonormal directions whose outer products, times their variances, add up to the matrix are its
// eigenvectors: nothing else is left to check.
RC_GTEST_PROP(PrincipalComponents, AreOrthonormalAndAddUpToTheMatrix, ()) {
  const Covariance given =
      any_covariance(*rc::gen::inRange<std::size_t>(1, 40), *rc::gen::arbitrary<std::uint64_t>());
  const PrincipalComponents components = principal_components(given.matrix, given.size);
  RC_ASSERT(components.variances.size() == given.size);
  std::vector<double> sum(given.matrix.size());
  for (std::size_t a = 0; a < given.size; ++a) {
    if (a > 0) RC_ASSERT(components.variances[a] <= components.variances[a - 1]);
    for (std::size_t b = 0; b < given.size; ++b) {
      const double expected = a == b ? 1 : 0;
      RC_ASSERT(std::abs(dot(components.directions[a], components.directions[b]) - expected) <
                1e-12);
    }
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += components.variances[a] * components.directions[a][i / given.size] *
                components.directions[a][i % given.size];
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    RC_ASSERT(std::abs(sum[i] - given.matrix[i]) < 1e-12 * components.variances[0] * 40);
  }
}

}  // namespace
}  // namespace edgeprune::train
