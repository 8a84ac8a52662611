#include <array>
#include <edgeprune/statistics/statistics.h>

int main() {
  constexpr std::array<double, 3> kValues = {3, 1, 2};
  return edgeprune::statistics::median(kValues) == 2 ? 0 : 1;
}
