#include "edgeprune/core/npy.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <numeric>

namespace edgeprune::core {
namespace {

using testing::expect_error;
using testing::TempDirectory;

std::string npy_file(const std::string& header, const std::string& elements, int version = 1) {
  std::string content = "\x93NUMPY";
  content += static_cast<char>(version);
  content += '\0';
  for (int byte = 0; byte < (version == 1 ? 2 : 4); ++byte) {
    content += static_cast<char>(header.size() >> 8 * byte & 0xff);
  }
  return content + header + elements;
}

std::string header_of(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
}

// numpy.save(file, numpy.array([[1.5, -2, 0.25]], "<f4")), NumPy 2, byte for byte.
std::string numpys_floats() {
  std::string content("\x93NUMPY\x01\x00v\x00", 10);
  content += "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }";
  content += std::string(58, ' ') + "\n";
  return content + std::string("\x00\x00\xc0\x3f\x00\x00\x00\xc0\x00\x00\x80\x3e", 12);
}

const std::vector<float> kFloats = {1.5f, -2.0f, 0.25f};

TEST(ParseNpy, ReadsWhatNumpyWrites) {
  const NpyArray array = parse_npy(numpys_floats(), "a.npy");
  EXPECT_EQ(array.type, ElementType::f32);
  EXPECT_EQ(array.shape, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(array.num_elements(), 3U);
  const auto values = array.as<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), kFloats);
}

TEST(WriteNpy, WritesWhatNumpyWrites) {
  const TempDirectory directory;
  write_npy(directory / "a.npy", std::span<const float>(kFloats), {1, 3});
  EXPECT_EQ(read_file(directory / "a.npy"), numpys_floats());
}

TEST(WriteNpy, ElementsBeginAtAMultipleOf64Bytes) {
  const TempDirectory directory;
  std::vector<std::size_t> shape;
  for (int dimensions = 0; dimensions < 30; ++dimensions, shape.push_back(1)) {
    write_npy(directory / "a.npy", std::span(kFloats).first(1), shape);
    EXPECT_EQ(read_file(directory / "a.npy").size() % 64, sizeof(float));
    EXPECT_EQ(read_npy(directory / "a.npy").shape, shape);
  }
}

TEST(WriteNpy, AShapeOfAnotherSizeIsAnInternalError) {
  const TempDirectory directory;
  expect_error(ErrorKind::internal, {"a.npy", "(2, 2)", "12 bytes"}, [&] {
    write_npy(directory / "a.npy", std::span<const float>(kFloats), {2, 2});
  });
}

template <typename T>
class NpyRoundTrip : public ::testing::Test {};
using ElementTypes =
    ::testing::Types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t,
                     std::int32_t, std::uint64_t, std::int64_t, float, double>;
TYPED_TEST_SUITE(NpyRoundTrip, ElementTypes);

TYPED_TEST(NpyRoundTrip, KeepsTypeShapeAndExtremes) {
  using Limits = std::numeric_limits<TypeParam>;
  const std::vector<TypeParam> values = {Limits::lowest(), Limits::max(), Limits::min(),
                                         TypeParam{0},     TypeParam{1},  TypeParam{100}};
  const TempDirectory directory;
  write_npy(directory / "a.npy", std::span<const TypeParam>(values), {3, 1, 2});
  const NpyArray array = read_npy(directory / "a.npy");
  EXPECT_EQ(array.type, element_type_of<TypeParam>());
  EXPECT_EQ(npy_type_size(array.type), sizeof(TypeParam));
  EXPECT_EQ(array.shape, (std::vector<std::size_t>{3, 1, 2}));
  const auto read = array.as<TypeParam>();
  EXPECT_EQ(std::vector<TypeParam>(read.begin(), read.end()), values);
}

TEST(ParseNpy, ReadsAScalarAndAnEmptyArray) {
  const NpyArray scalar = parse_npy(npy_file(header_of("|u1", "()"), "\x07"), "a.npy");
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(scalar.as<std::uint8_t>()[0], 7);
  const NpyArray empty = parse_npy(npy_file(header_of("<f8", "(0, 5)"), ""), "a.npy");
  EXPECT_EQ(empty.shape, (std::vector<std::size_t>{0, 5}));
  EXPECT_TRUE(empty.as<double>().empty());
}

TEST(ParseNpy, ReadsVersionsTwoAndThree) {
  for (const int version : {2, 3}) {
    const std::string content = npy_file(header_of("|i1", "(2,)"), "\x01\xff", version);
    EXPECT_EQ(npy_integers(parse_npy(content, "a.npy"), "a.npy"),
              (std::vector<std::int64_t>{1, -1}));
  }
}

TEST(ParseNpy, AnotherTypeThanStoredIsAnInternalError) {
  const NpyArray array = parse_npy(numpys_floats(), "a.npy");
  expect_error(ErrorKind::internal, {"<f4", "<f8"}, [&] { (void)array.as<double>(); });
}

struct NpyDamage {
  std::string name;
  std::string content;
  std::string named;  // what the error says of it
};

TEST(ParseNpy, EveryDamageIsAnErrorOfOneLineThatNamesTheFile) {
  const std::string good = numpys_floats();
  const std::vector<NpyDamage> damages = {
      {"an empty file", "", "magic"},
      {"another format", "PK\x03\x04 and so on", "magic"},
      {"cut within the header", good.substr(0, 50), "header"},
      {"cut within the length of version 2", npy_file("", "", 2).substr(0, 11), "header"},
      {"cut within the elements", good.substr(0, good.size() - 1), "11 bytes"},
      {"bytes behind the elements", good + "x", "13 bytes"},
      {"Fortran order", npy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (0,), }", ""),
       "Fortran"},
      {"big endian", npy_file(header_of(">f4", "(0,)"), ""), "'>f4'"},
      {"complex numbers", npy_file(header_of("<c8", "(0,)"), ""), "'<c8'"},
      {"no descr", npy_file("{'fortran_order': False, 'shape': (0,), }", ""), "'descr'"},
      {"no shape", npy_file("{'descr': '<f4', 'fortran_order': False}", ""), "'shape'"},
      {"no fortran_order", npy_file("{'descr': '<f4', 'shape': (0,), }", ""), "'fortran_order'"},
      {"a record type",
       npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (0,), }", ""), "type"},
      {"a negative extent", npy_file(header_of("<f4", "(-1,)"), ""), "shape"},
      {"a fractional extent", npy_file(header_of("<f4", "(1.5,)"), ""), "shape"},
      {"an open shape", npy_file(header_of("<f4", "(1"), ""), "shape"},
      {"a product beyond 64 bits", npy_file(header_of("<f4", "(4294967296, 4294967296)"), ""),
       "4294967296"},
      {"an extent beyond 64 bits", npy_file(header_of("<f4", "(99999999999999999999,)"), ""),
       "shape"},
  };
  for (const NpyDamage& damage : damages) {
    SCOPED_TRACE(damage.name);
    expect_error(ErrorKind::data, {"a.npy: ", damage.named},
                 [&] { (void)parse_npy(damage.content, "a.npy"); });
  }
}

TEST(ParseNpy, AnUnknownFormatVersionIsAnError) {
  expect_error(ErrorKind::data, {"a.npy: "},
               [] { (void)parse_npy(npy_file(header_of("|u1", "(1,)"), "\x07", 9), "a.npy"); });
}

TEST(ParseNpy, ATypeWithALineBreakStaysOneLineOfError) {
  expect_error(ErrorKind::data, {"a.npy: "},
               [] { (void)parse_npy(npy_file(header_of("<f\n4", "(0,)"), ""), "a.npy"); });
}

TEST(NpyIntegers, TakesEveryIntegerType) {
  const std::string bytes("\x05\x00\x00\x00\x00\x00\x00\x00", 8);
  for (const std::string descr : {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8"}) {
    const auto size = static_cast<std::size_t>(descr[2] - '0');
    const std::string content = npy_file(header_of(descr, "(1,)"), bytes.substr(0, size));
    EXPECT_EQ(npy_integers(parse_npy(content, "a.npy"), "a.npy"), (std::vector<std::int64_t>{5}));
  }
}

TEST(NpyIntegers, FloatsAreAnErrorThatNamesTheConversion) {
  expect_error(ErrorKind::data, {"a.npy", "<f4", "astype"},
               [] { (void)npy_integers(parse_npy(numpys_floats(), "a.npy"), "a.npy"); });
}

TEST(NpyIntegers, AValueBeyondTheRangeIsAnErrorThatNamesIt) {
  const std::string content = npy_file(header_of("<u8", "(1,)"), std::string(8, '\xff'));
  expect_error(ErrorKind::data, {"a.npy", "18446744073709551615"},
               [&] { (void)npy_integers(parse_npy(content, "a.npy"), "a.npy"); });
}

RC_GTEST_PROP(NpyProperty, WhatIsWrittenIsRead, (const std::vector<std::int32_t>& values)) {
  const TempDirectory directory;
  write_npy(directory / "a.npy", std::span<const std::int32_t>(values), {values.size()});
  const NpyArray array = read_npy(directory / "a.npy");
  const auto read = array.as<std::int32_t>();
  RC_ASSERT(std::vector<std::int32_t>(read.begin(), read.end()) == values);
  RC_ASSERT(array.shape == std::vector<std::size_t>{values.size()});
}

}  // namespace
}  // namespace edgeprune::core
