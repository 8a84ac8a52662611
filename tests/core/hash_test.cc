// Known values: python-xxhash 3, xxhash.xxh3_128_hexdigest.

#include "edgeprune/core/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

namespace edgeprune::core {
namespace {

TEST(ContentHash, IsXxh3Of128Bits) {
  EXPECT_EQ(content_hash(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(content_hash("abc"), "06b05ab6733a618578af5f94892f3950");
}

TEST(ContentHash, TakesLongInputs) {
  std::vector<std::uint8_t> bytes(256);  // beyond 240 bytes XXH3 takes another path
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  EXPECT_EQ(content_hash(std::as_bytes(std::span(bytes))), "f1f8a93f50849ac39408a4433b952d71");
}

TEST(Hasher, TakesValuesAsTheirLittleEndianBytes) {
  const std::vector<std::uint32_t> values = {0, 1, 2};
  EXPECT_EQ(Hasher().add_values(std::span<const std::uint32_t>(values)).hex(),
            "583ee361663f563f83e77f585e9f1e52");
}

TEST(Hasher, CanBeReadHalfWayAndMoved) {
  Hasher first;
  first.add("ab");
  EXPECT_EQ(first.hex(), content_hash("ab"));
  Hasher second = std::move(first);
  second.add("c");
  EXPECT_EQ(second.hex(), content_hash("abc"));
}

RC_GTEST_PROP(HasherProperty, PiecesHashAsTheirWhole, (const std::vector<std::string>& pieces)) {
  Hasher hasher;
  std::string whole;
  for (const std::string& piece : pieces) {
    hasher.add(piece);
    whole += piece;
  }
  RC_ASSERT(hasher.hex() == content_hash(whole));
}

}  // namespace
}  // namespace edgeprune::core
