#include "traffic.h"

#include <algorithm>

namespace edgeprune::nn {
namespace {

std::size_t bytes_of(const Activation& activation, std::uint32_t batch) {
  return activation.values_of(batch) * kernels::size_of(activation.type);
}

// finish_gradient reads x for the clamp's mask and for batch normalisation's sums.
bool finishing_reads_values(const Step::Input& input) {
  const Activation& in = *input.activation;
  return in.transform().is_clamped() || (input.completes && !in.gradient_sums.empty());
}

// How often the values of an input are read going backward; a second time in the same pass they are
// in cache.
std::size_t reads_of_values(const Step::Input& input, const Step::Access& access) {
  const bool finishing = input.activation->wants_gradient && finishing_reads_values(input);
  if (!access.backward_reads_inputs) return finishing ? 1 : 0;
  return finishing && access.one_pass_for_each_kind ? 2 : 1;
}

std::size_t backward_bytes(Step& step, std::uint32_t batch) {
  const Step::Access access = step.access();
  const Activation& out = *step.output();
  const auto inputs = step.inputs();
  const bool hands_on = std::any_of(inputs.begin(), inputs.end(), [](const Step::Input& input) {
    return input.activation->wants_gradient;
  });
  if (!out.wants_gradient || (!hands_on && access.num_parameters == 0)) return 0;
  const std::size_t passes = access.one_pass_for_each_kind && hands_on ? 2 : 1;
  const bool reads_output = access.backward_reads_output || !out.slope.empty();
  std::size_t bytes = passes * bytes_of(out, batch) * (reads_output ? 2 : 1);
  for (const Step::Input& input : inputs) {
    const std::size_t of_input = bytes_of(*input.activation, batch);
    bytes += reads_of_values(input, access) * of_input;
    if (input.activation->wants_gradient) bytes += of_input * (input.accumulate ? 2 : 1);
  }
  return bytes + access.num_parameters * sizeof(float) * (hands_on ? 2 : 1);
}

}  // namespace

Traffic traffic_of(Step& step, std::uint32_t batch) {
  const auto inputs = step.inputs();
  if (inputs.empty()) return {};  // batch normalisation touches no pixel
  std::size_t forward =
      bytes_of(*step.output(), batch) + step.access().num_parameters * sizeof(float);
  for (const Step::Input& input : inputs) forward += bytes_of(*input.activation, batch);
  return {.forward = forward, .backward = backward_bytes(step, batch)};
}

}  // namespace edgeprune::nn
