#include "edgeprune/core/safetensors.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace edgeprune::core {
namespace {

using testing::expect_error;
using testing::TempDirectory;

std::string safetensors(const std::string& header, const std::string& data) {
  std::string content;
  for (int byte = 0; byte < 8; ++byte) {
    content += static_cast<char>(std::uint64_t{header.size()} >> 8 * byte & 0xff);
  }
  return content + header + data;
}

SafetensorsFile parse(const std::string& content) {
  return parse_safetensors(content, "m.safetensors");
}

std::string tensor(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

const std::string kOneAndTwo("\x00\x00\x80\x3f\x00\x00\x00\x40", 8);  // 1 and 2 as floats

TEST(ParseSafetensors, ReadsAFileWrittenByHand) {
  const SafetensorsFile file = parse(safetensors(
      R"({"__metadata__":{"format":"pt"},"fc.bias":)" + tensor("F32", "[2]", "[0,8]") + "}  ",
      kOneAndTwo));
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
  ASSERT_EQ(file.tensors.size(), 1U);
  const NpyArray& bias = file.at("fc.bias");
  EXPECT_EQ(bias.shape, std::vector<std::size_t>{2});
  EXPECT_EQ(bias.as<float>()[0], 1.0f);
  EXPECT_EQ(bias.as<float>()[1], 2.0f);
}

TEST(Safetensors, RoundTripKeepsEveryType) {
  SafetensorsFile file{.metadata = {{"step", "7"}, {"quoted \"\\", "é"}}};
  file.add("u8", std::span<const std::uint8_t>(std::array<std::uint8_t, 1>{255}), {1});
  file.add("i8", std::span<const std::int8_t>(std::array<std::int8_t, 1>{-128}), {1});
  file.add("u16", std::span<const std::uint16_t>(std::array<std::uint16_t, 1>{65535}), {1});
  file.add("i16", std::span<const std::int16_t>(std::array<std::int16_t, 1>{-32768}), {1});
  file.add("u32", std::span<const std::uint32_t>(std::array<std::uint32_t, 1>{4294967295U}), {});
  file.add("i32", std::span<const std::int32_t>(std::array<std::int32_t, 2>{-1, 1}), {2, 1});
  file.add("u64", std::span<const std::uint64_t>(std::array<std::uint64_t, 1>{1ULL << 63}), {1});
  file.add("i64", std::span<const std::int64_t>(std::array<std::int64_t, 1>{-1}), {1});
  file.add("f32", std::span<const float>(std::array{0.1f, -0.0f, 1e-45f}), {1, 3});
  file.add("f64", std::span<const double>(std::array{0.1}), {1});
  file.add("none", std::span<const float>(), {0, 4});

  const TempDirectory directory;
  write_safetensors(directory / "m.safetensors", file);
  const SafetensorsFile read = read_safetensors(directory / "m.safetensors");
  EXPECT_EQ(read.metadata, file.metadata);
  ASSERT_EQ(read.tensors.size(), file.tensors.size());
  for (const auto& [name, array] : file.tensors) {
    EXPECT_EQ(read.at(name).type, array.type) << name;
    EXPECT_EQ(read.at(name).shape, array.shape) << name;
    EXPECT_EQ(read.at(name).bytes, array.bytes) << name;
  }
}

TEST(Safetensors, DataBeginAtAMultipleOfEightBytes) {
  for (std::size_t length = 1; length < 20; ++length) {
    SafetensorsFile file;
    file.add(std::string(length, 'x'), std::span<const float>(std::array{1.0f}), {1});
    EXPECT_EQ((to_bytes(file).size() - sizeof(float)) % 8, 0U);
  }
}

TEST(Safetensors, TheSameTensorsMakeTheSameBytes) {
  SafetensorsFile one;
  SafetensorsFile other;
  const std::array values = {1.0f, 2.0f};
  one.add("a", std::span<const float>(values), {2});
  one.add("b", std::span<const float>(values), {2});
  other.add("b", std::span<const float>(values), {2});
  other.add("a", std::span<const float>(values), {2});
  EXPECT_EQ(to_bytes(one), to_bytes(other));
}

TEST(Safetensors, AMissingTensorIsAnErrorThatListsWhatIsThere) {
  SafetensorsFile file;
  expect_error(ErrorKind::data, {"'fc.bias'", "none"}, [&] { (void)file.at("fc.bias"); });
  file.add("conv1.weight", std::span<const float>(), {0});
  file.add("fc.weight", std::span<const float>(), {0});
  expect_error(ErrorKind::data, {"'fc.bias'", "conv1.weight, fc.weight"},
               [&] { (void)file.at("fc.bias"); });
}

struct TensorDamage {
  std::string name;
  std::string content;
  std::string named;  // what the error says of it
};

std::string one_tensor(const std::string& entry) {
  return safetensors("{\"w\":" + entry + "}", kOneAndTwo);
}

void expect_errors(const std::vector<TensorDamage>& damages) {
  for (const TensorDamage& damage : damages) {
    SCOPED_TRACE(damage.name);
    expect_error(ErrorKind::data, {"m.safetensors: ", damage.named},
                 [&] { (void)parse(damage.content); });
  }
}

TEST(ParseSafetensors, EveryDamageOfTheHeaderIsAnErrorThatNamesTheFile) {
  const std::string good = one_tensor(tensor("F32", "[2]", "[0,8]"));
  expect_errors({
      {"an empty file", "", "truncated"},
      {"cut within the length", good.substr(0, 7), "truncated"},
      {"cut within the header", good.substr(0, 20), "truncated"},
      {"a length beyond the file", std::string(8, '\xff') + "{}", "truncated"},
      {"not JSON", safetensors("{\"w\":", ""), "JSON"},
      {"not UTF-8", safetensors("{\"\xff\":1}", ""), "JSON"},
      {"a list", safetensors("[1]", ""), "JSON"},
      {"null", safetensors("null", ""), "JSON"},
      {"a tensor that is a number", one_tensor("5"), "JSON"},
      {"no dtype", one_tensor(R"({"shape":[2],"data_offsets":[0,8]})"), "JSON"},
      {"no shape", one_tensor(R"({"dtype":"F32","data_offsets":[0,8]})"), "JSON"},
      {"no offsets", one_tensor(R"({"dtype":"F32","shape":[2]})"), "JSON"},
      {"metadata that are no strings", safetensors(R"({"__metadata__":{"a":1}})", ""), "JSON"},
      {"an unknown type", one_tensor(tensor("BF16", "[4]", "[0,8]")), "BF16"},
  });
}

TEST(ParseSafetensors, EveryDamageOfATensorIsAnErrorThatNamesIt) {
  const std::string good = one_tensor(tensor("F32", "[2]", "[0,8]"));
  expect_errors({
      {"cut within the data", good.substr(0, good.size() - 1), "'w'"},
      {"offsets beyond the file", one_tensor(tensor("F32", "[3]", "[0,12]")), "'w'"},
      {"offsets in reverse", one_tensor(tensor("F32", "[2]", "[8,0]")), "'w'"},
      {"one offset", one_tensor(tensor("F32", "[2]", "[8]")), "'w'"},
      {"a shape of another size", one_tensor(tensor("F32", "[3]", "[0,8]")), "'w'"},
      {"a product beyond 64 bits", one_tensor(tensor("F32", "[4294967296,4294967296]", "[0,0]")),
       "'w'"},
      {"a negative extent", one_tensor(tensor("F32", "[-2]", "[0,8]")), ""},
      {"a fractional extent", one_tensor(tensor("F32", "[2.5]", "[0,8]")), ""},
  });
}

// The format: "the byte buffer needs to be entirely indexed, and cannot contain holes"
// (huggingface/safetensors, README). Its own reader refuses these files.
TEST(ParseSafetensors, DataThatTheTensorsDoNotCoverOnceAreAnError) {
  expect_errors({
      {"bytes behind the last tensor", one_tensor(tensor("F32", "[1]", "[0,4]")), ""},
      {"a hole", one_tensor(tensor("F32", "[1]", "[4,8]")), ""},
      {"an overlap",
       safetensors(R"({"a":)" + tensor("F32", "[2]", "[0,8]") + R"(,"b":)" +
                       tensor("F32", "[1]", "[4,8]") + "}",
                   kOneAndTwo),
       ""},
  });
}

std::string repeated(const std::string& part) {
  std::string all;
  for (int i = 0; i < 200'000; ++i) all += part;
  return all;
}

TEST(ParseSafetensors, BracketsWithoutEndAreAnErrorLikeAnyOther) {
  const std::string lists = repeated("[") + repeated("]");
  expect_errors({
      {"a tensor of lists", safetensors("{\"a\":" + lists + "}", ""), "nested more than 32 deep"},
      {"a tensor of objects",
       safetensors("{\"a\":" + repeated("{\"b\":") + "1" + repeated("}") + "}", ""),
       "nested more than 32 deep"},
      {"a shape of lists",
       safetensors(R"({"a":{"dtype":"F32","shape":)" + lists + R"(,"data_offsets":[0,0]}})", ""),
       "nested more than 32 deep"},
      {"metadata of lists", safetensors("{\"__metadata__\":" + lists + "}", ""),
       "nested more than 32 deep"},
  });
}

TEST(ParseSafetensors, ATensorThatComesTwiceIsAnError) {
  const std::string entry = tensor("F32", "[2]", "[0,8]");
  expect_errors({{"twice", safetensors("{\"w\":" + entry + ",\"w\":" + entry + "}", kOneAndTwo),
                  "names 'w' twice"}});
}

// The file is sparse: what it announces would fill memory.
TEST(ParseSafetensors, AHeaderBeyondAllIsRefusedBeforeItIsRead) {
  const TempDirectory directory;
  const std::uint64_t length = std::uint64_t{1} << 40;
  write_file_atomically(directory / "m.safetensors",
                        std::string(reinterpret_cast<const char*>(&length), sizeof(length)));
  std::filesystem::resize_file(directory / "m.safetensors", length + 100);
  expect_error(ErrorKind::data, {"m.safetensors", "1099511627776 bytes, at most"},
               [&] { (void)SafetensorsReader(directory / "m.safetensors"); });
}

TEST(ParseSafetensors, NamesWithLineBreaksStayOneLineOfError) {
  expect_errors({
      {"in a tensor's name", safetensors(R"({"a\nb":)" + tensor("F32", "[9]", "[0,36]") + "}", ""),
       ""},
      {"in a type", one_tensor(tensor("F\\n32", "[2]", "[0,8]")), ""},
  });
}

RC_GTEST_PROP(SafetensorsProperty, WhatIsWrittenIsRead, ()) {
  SafetensorsFile file;
  const auto name_gen = rc::gen::container<std::string>(rc::gen::inRange('!', '~'));
  for (const std::string& name : *rc::gen::container<std::vector<std::string>>(name_gen)) {
    const auto values = *rc::gen::arbitrary<std::vector<std::int64_t>>();
    file.add(name, std::span<const std::int64_t>(values), {values.size()});
  }
  const SafetensorsFile read = parse(to_bytes(file));
  RC_ASSERT(read.tensors.size() == file.tensors.size());
  for (const auto& [name, array] : file.tensors) RC_ASSERT(read.at(name).bytes == array.bytes);
}

RC_GTEST_PROP(SafetensorsProperty, ACutFileIsAlwaysAnError, ()) {
  SafetensorsFile file;
  file.add("w", std::span<const float>(std::array{1.0f, 2.0f, 3.0f}), {3});
  file.add("b", std::span<const float>(std::array{4.0f}), {1});
  const std::string whole = to_bytes(file);
  const auto length = *rc::gen::inRange<std::size_t>(0, whole.size());
  RC_ASSERT_THROWS_AS((void)parse(whole.substr(0, length)), Error);
}

TEST(Safetensors, WrittenArrayByArrayIsTheSameFile) {
  const TempDirectory directory;
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6};
  const std::vector<std::uint8_t> odd = {7, 8, 9};
  SafetensorsFile file{.metadata = {{"made", "whole"}}};
  file.add("odd", std::span<const std::uint8_t>(odd), {3});
  file.add("weights", std::span<const float>(weights), {2, 3});
  SafetensorsWriter writer(directory / "pieces", {{"made", "whole"}},
                           {{"odd", ElementType::u8, {3}}, {"weights", ElementType::f32, {2, 3}}});
  writer.write(std::as_bytes(std::span(odd)));
  writer.write(std::as_bytes(std::span(weights)));
  EXPECT_FALSE(std::filesystem::exists(directory / "pieces")) << "not before commit()";
  writer.commit();
  EXPECT_EQ(read_file(directory / "pieces"), to_bytes(file));
}

TEST(Safetensors, AFileThatIsNotCommittedLeavesTheOldOne) {
  const TempDirectory directory;
  write_file_atomically(directory / "file", "old");
  { const SafetensorsWriter writer(directory / "file", {}, {{"a", ElementType::u8, {3}}}); }
  EXPECT_EQ(read_file(directory / "file"), "old");
  EXPECT_EQ(Directory(directory.path()).entries().size(), 1U);
}

TEST(Safetensors, OtherArraysThanAnnouncedAreRefused) {
  const TempDirectory directory;
  SafetensorsWriter writer(directory / "file", {}, {{"a", ElementType::u8, {3}}});
  EXPECT_THROW(writer.write(std::as_bytes(std::span("four", 4))), Error);
  EXPECT_THROW(writer.commit(), Error);
}

TEST(Safetensors, AReaderGivesArraysOrPartsOfThem) {
  const TempDirectory directory;
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6};
  SafetensorsFile file{.metadata = {{"state", "here"}}};
  file.add("weights", std::span<const float>(weights), {2, 3});
  write_safetensors(directory / "file", file);
  const SafetensorsReader reader(directory / "file");
  EXPECT_EQ(reader.metadata().at("state"), "here");
  ASSERT_EQ(reader.tensors().size(), 1U);
  EXPECT_EQ(reader.tensors()[0].shape, (std::vector<std::size_t>{2, 3}));
  std::vector<float> part(2);
  reader.read("weights", std::as_writable_bytes(std::span(part)), 3 * sizeof(float));
  EXPECT_EQ(part, (std::vector<float>{4, 5}));
  expect_error(ErrorKind::data, {"weights", "24"},
               [&] { reader.read("weights", std::as_writable_bytes(std::span(part)), 20); });
  expect_error(ErrorKind::data, {"no tensor 'bias'"},
               [&] { reader.read("bias", std::as_writable_bytes(std::span(part))); });
}

}  // namespace
}  // namespace edgeprune::core
