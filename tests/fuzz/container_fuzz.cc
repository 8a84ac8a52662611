#include "edgeprune/core/hash.h"
#include "edgeprune/data/container.h"

#include "fuzz_target.h"

#include <string>

using namespace edgeprune;

// The input gets the checksum that it should have: else nothing behind it would ever be reached.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string file(fuzz::as_text(data, size));
  fuzz::accept_only_our_errors([&] { (void)data::parse_container(file, "fuzz"); });
  file += core::content_hash(file);
  fuzz::accept_only_our_errors(
      [&] { (void)data::decode_container(data::parse_container(file, "fuzz"), "fuzz"); });
  return 0;
}
