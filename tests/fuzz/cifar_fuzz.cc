#include "edgeprune/data/readers.h"

#include "fuzz_target.h"

using namespace edgeprune;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto variant : {data::CifarVariant::cifar10, data::CifarVariant::cifar100}) {
    fuzz::accept_only_our_errors(
        [&] { (void)data::parse_cifar(fuzz::as_text(data, size), variant, "fuzz"); });
  }
  return 0;
}
