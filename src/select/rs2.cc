// rs2: a fresh random share each epoch; every sample is trained on before any order starts again.
//
//   S_e = places i M ... i M + M - 1 (around the end) of a random order of D,
//   i = e mod L, a new order every L = ceil(N / M) epochs
//
// Each cycle of L epochs shows every sample at least once; where M does not divide N, its last
// epoch fills up with the samples it began with, so that every epoch has exactly M.
// Source: Okanovic et al., "Repeated random sampling for minimizing the time-to-accuracy of
// learning", ICLR 2024, RS2 without replacement, and its authors' code (PatrikOkanovic/RS2,
// uniform_no_replacement.py), whose filled-up epoch holds one sample fewer.
// Direction: none. A function of (seed, epoch), nothing to save. All data stay stored. O(N) time
// per epoch, 8 bytes per sample.

#include "edgeprune/core/random.h"
#include "edgeprune/select/selectors.h"

#include <algorithm>

namespace edgeprune::select {
namespace {

class Rs2Sampler final : public Sampler {
 public:
  explicit Rs2Sampler(const SelectionInput& input)
      : num_samples_(input.num_samples), num_kept_(input.num_kept), seed_(input.seed) {}

  [[nodiscard]] Pass pass(std::uint32_t epoch) override {
    const std::uint32_t epochs_per_order = (num_samples_ - 1) / num_kept_ + 1;
    const Samples order = core::random_permutation(
        num_samples_,
        {.seed = seed_, .purpose = core::Purpose::selection, .epoch = epoch / epochs_per_order});
    const std::uint64_t begin = std::uint64_t{epoch % epochs_per_order} * num_kept_;
    Samples share(num_kept_);
    for (std::uint32_t i = 0; i < num_kept_; ++i) share[i] = order[(begin + i) % num_samples_];
    std::sort(share.begin(), share.end());
    return {.samples = std::move(share), .weights = {}};
  }

 private:
  std::uint32_t num_samples_;
  std::uint32_t num_kept_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Sampler> sample_rs2(const SelectionInput& input, std::uint32_t /*epochs*/) {
  return std::make_unique<Rs2Sampler>(input);
}

}  // namespace edgeprune::select
