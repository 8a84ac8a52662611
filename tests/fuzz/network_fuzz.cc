#include "edgeprune/config/network_file.h"
#include "edgeprune/nn/model.h"

#include "fuzz_target.h"

using namespace edgeprune;

// A network described in TOML: what is accepted has the classes and a layout of its tensors.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr nn::Shape kInput{.height = 28, .width = 20, .channels = 3};
  fuzz::accept_only_our_errors([&] {
    const nn::Network network =
        config::parse_network_file(fuzz::as_text(data, size), "fuzz.toml", kInput, 10);
    if (network.num_classes() != 10 || nn::num_parameters(network) > 1'000'000'000) std::abort();
  });
  return 0;
}
