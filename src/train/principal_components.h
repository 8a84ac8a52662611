#pragma once
// Eigenvectors of a small symmetric matrix, by Jacobi's iteration.

#include <cstddef>
#include <vector>

namespace edgeprune::train {

/// Directions in which a covariance varies, by falling variance; orthonormal.
struct PrincipalComponents {
  std::vector<double> variances;
  std::vector<std::vector<double>> directions;
};

/// Of a symmetric size x size matrix without negative eigenvalues. Those of directions without
/// variance (up to rounding) are left out. Each direction's largest value (the first of them) is
/// positive, so that it does not depend on how the iteration went. About 10 size^3 rotations' work.
[[nodiscard]] PrincipalComponents principal_components(std::vector<double> covariance,
                                                       std::size_t size);

}  // namespace edgeprune::train
