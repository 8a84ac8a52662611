#include "edgeprune/data/readers.h"

#include "support/encode_image.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::encode_jpeg;
using testing::encode_png;
using testing::expect_error;

using Bytes = std::vector<std::uint8_t>;

Bytes flat(std::size_t pixels, const Bytes& colour) {
  Bytes values;
  for (std::size_t i = 0; i < pixels; ++i) {
    values.insert(values.end(), colour.begin(), colour.end());
  }
  return values;
}

void expect_all_near(const Bytes& values, const Bytes& colour, int tolerance) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(values[i], colour[i % colour.size()], tolerance) << "at value " << i;
  }
}

TEST(DecodeImage, AFlatColourSurvivesJpeg) {
  const Bytes colour = {200, 100, 50};
  const DecodedImage image =
      decode_image(encode_jpeg(9, 17, TJPF_RGB, flat(9 * 17, colour)), 0, "flat.jpg");
  EXPECT_EQ(image.shape, (ImageShape{9, 17, 3}));
  // Rounding to YCbCr and back, each to whole numbers, moves a channel by at most 2.
  expect_all_near(image.pixels, colour, 2);
}

TEST(DecodeImage, AGreyJpegHasOneChannel) {
  const DecodedImage image =
      decode_image(encode_jpeg(8, 8, TJPF_GRAY, flat(64, {77})), 0, "grey.jpg");
  EXPECT_EQ(image.shape, (ImageShape{8, 8, 1}));
  expect_all_near(image.pixels, {77}, 1);
}

TEST(DecodeImage, PngIsExact) {
  const Bytes pixels = {0, 1, 2, 50, 60, 70, 253, 254, 255, 9, 8, 7, 128, 127, 126, 3, 3, 3};
  const DecodedImage image = decode_image(encode_png(2, 3, PNG_FORMAT_RGB, pixels), 0, "a.png");
  EXPECT_EQ(image.shape, (ImageShape{2, 3, 3}));
  EXPECT_EQ(image.pixels, pixels);
}

TEST(DecodeImage, AlphaOfPngIsDropped) {
  const Bytes colours = {10, 20, 30, 0, 40, 50, 60, 128};
  const DecodedImage image = decode_image(encode_png(1, 2, PNG_FORMAT_RGBA, colours), 0, "a.png");
  EXPECT_EQ(image.shape, (ImageShape{1, 2, 3}));
  EXPECT_EQ(image.pixels, (Bytes{10, 20, 30, 40, 50, 60}));
  const Bytes greys = {10, 0, 20, 255};
  EXPECT_EQ(decode_image(encode_png(1, 2, PNG_FORMAT_GA, greys), 0, "a.png").pixels,
            (Bytes{10, 20}));
}

TEST(DecodeImage, SixteenBitsBecomeEight) {
  const std::vector<std::uint16_t> linear = {0, 0xffff};
  const DecodedImage image =
      decode_image(encode_png(1, 2, PNG_FORMAT_LINEAR_Y, linear), 0, "a.png");
  EXPECT_EQ(image.pixels, (Bytes{0, 255}));
}

// A chunk of a PNG: length, type, content, checksum of type and content.
std::string png_chunk(const std::string& type, const std::string& content) {
  const auto big_endian = [](std::uint64_t value) {
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
  };
  const std::string checked = type + content;
  const auto* bytes = reinterpret_cast<const Bytef*>(checked.data());
  return big_endian(content.size()) + checked +
         big_endian(crc32(0, bytes, static_cast<uInt>(checked.size())));
}

std::string png(const std::string& header, const std::string& more, const std::string& rows) {
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(size);
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + more + png_chunk("IDAT", packed) +
         png_chunk("IEND", "");
}

const std::string kGammaOne = png_chunk("gAMA", std::string("\0\x01\x86\xa0", 4));  // 100000

TEST(DecodeImage, SixteenBitsAreScaledAsTheyAreStored) {
  // 2 x 1, 16 bits, grey with alpha: 0x1234 transparent, 0x8000 opaque. 255 / 65535 = 1 / 257:
  // 4660 / 257 = 18.13, 32768 / 257 = 127.502.
  const std::string header("\0\0\0\2\0\0\0\1\x10\x04\0\0\0", 13);
  const std::string row("\0\x12\x34\0\0\x80\0\xff\xff", 9);
  EXPECT_EQ(decode_image(png(header, "", row), 0, "a.png").pixels, (Bytes{18, 128}));
  EXPECT_EQ(decode_image(png(header, kGammaOne, row), 0, "a.png").pixels, (Bytes{18, 128}));
}

TEST(DecodeImage, PalettesBecomeColoursAndGammaIsIgnored) {
  // 4 x 1, 1 bit per pixel: entries 0 1 0 1 of a palette whose first colour is half transparent.
  const std::string header("\0\0\0\4\0\0\0\1\x01\x03\0\0\0", 13);
  const std::string row("\0\x50", 2);
  const std::string palette =
      png_chunk("PLTE", std::string("\x0a\x14\x1e\xc8\xd2\xdc")) + png_chunk("tRNS", "\x80");
  const Bytes colours = {10, 20, 30, 200, 210, 220, 10, 20, 30, 200, 210, 220};
  EXPECT_EQ(decode_image(png(header, palette, row), 0, "a.png").pixels, colours);
  EXPECT_EQ(decode_image(png(header, kGammaOne + palette, row), 0, "a.png").pixels, colours);
}

TEST(DecodeImage, ChannelsConvertAsAsked) {
  const Bytes red_and_white = {255, 0, 0, 255, 255, 255};
  // 0.299 * 255 = 76.2.
  EXPECT_EQ(decode_image(encode_png(1, 2, PNG_FORMAT_RGB, red_and_white), 1, "a.png").pixels,
            (Bytes{76, 255}));
  const DecodedImage coloured =
      decode_image(encode_png(1, 2, PNG_FORMAT_GRAY, Bytes{5, 6}), 3, "a.png");
  EXPECT_EQ(coloured.shape, (ImageShape{1, 2, 3}));
  EXPECT_EQ(coloured.pixels, (Bytes{5, 5, 5, 6, 6, 6}));
}

TEST(DecodeImage, TwoChannelsAreAnError) {
  expect_error(ErrorKind::config, {"data.channels is 2; it must be 1 or 3"},
               [] { (void)decode_image(encode_png(1, 1, PNG_FORMAT_GRAY, Bytes{5}), 2, "a.png"); });
}

TEST(DecodeImage, OtherContentIsAnErrorThatNamesTheFile) {
  for (const std::string content : {"", "\xff", "GIF89a"}) {
    expect_error(ErrorKind::data,
                 {"cat.jpg: not a readable JPEG or PNG image (wrong magic); replace"},
                 [&] { (void)decode_image(content, 0, "cat.jpg"); });
  }
}

TEST(DecodeImage, ATruncatedImageIsAnErrorThatNamesTheFile) {
  Bytes pixels;
  for (int i = 0; i < 64 * 64 * 3; ++i) pixels.push_back(static_cast<std::uint8_t>(i * i / 7));
  const std::string jpeg = encode_jpeg(64, 64, TJPF_RGB, pixels);
  const std::string png = encode_png(64, 64, PNG_FORMAT_RGB, pixels);
  for (const std::string& whole : {jpeg, png}) {
    for (const std::size_t parts : {2, 4, 20, 100}) {
      expect_error(
          ErrorKind::data, {"cat.jpg: not a readable ", " image (", "); replace or remove it"},
          [&] { (void)decode_image(whole.substr(0, whole.size() / parts), 0, "cat.jpg"); });
    }
  }
}

TEST(DecodeImage, ADamagedPngIsAnError) {
  std::string content = encode_png(2, 2, PNG_FORMAT_GRAY, Bytes{1, 2, 3, 4});
  content[content.size() - 20] ^= 0x55;
  expect_error(ErrorKind::data, {"cat.png: not a readable PNG image ("},
               [&] { (void)decode_image(content, 0, "cat.png"); });
}

// A PNG header's extents lie at 16 and 20, its checksum over 12..28 at 29.
std::string png_that_promises(std::uint32_t height, std::uint32_t width) {
  std::string content = encode_png(1, 1, PNG_FORMAT_GRAY, Bytes{5});
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) content[at + i] = static_cast<char>(value >> (24 - 8 * i) & 0xff);
  };
  put(16, width);
  put(20, height);
  put(29, static_cast<std::uint32_t>(
              crc32(0, reinterpret_cast<const Bytef*>(content.data()) + 12, 17)));
  return content;
}

TEST(DecodeImage, APngHeaderThatPromisesTooMuchIsNotBelieved) {
  expect_error(ErrorKind::data, {"cat.png: not a readable", "(8000 x 8000 pixels in", "bytes)"},
               [] { (void)decode_image(png_that_promises(8000, 8000), 0, "cat.png"); });
  expect_error(ErrorKind::data, {"cat.png: not a readable", "(1000000 x 1000000 pixels in"},
               [] { (void)decode_image(png_that_promises(1000000, 1000000), 0, "cat.png"); });
}

TEST(DecodeImage, AJpegHeaderThatPromisesTooMuchIsNotBelieved) {
  std::string content = encode_jpeg(8, 8, TJPF_GRAY, flat(64, {77}));
  const std::size_t frame = content.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  content.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  expect_error(ErrorKind::data,
               {"cat.jpg: not a readable JPEG or PNG image (65500 x 65500 pixels in"},
               [&] { (void)decode_image(content, 0, "cat.jpg"); });
}

TEST(DecodeImage, InksAreAnErrorThatOffersConversion) {
  const std::string content = encode_jpeg(8, 8, TJPF_CMYK, flat(64, {1, 2, 3, 4}));
  expect_error(ErrorKind::data,
               {"cat.jpg: not a readable JPEG image (it is in CMYK; convert it to RGB)"},
               [&] { (void)decode_image(content, 0, "cat.jpg"); });
}

RC_GTEST_PROP(DecodeImage, DamageNeverEndsInAnythingButAnImageOrAnError,
              (bool as_jpeg, std::uint16_t at, std::uint8_t value)) {
  const Bytes pixels = *rc::gen::container<Bytes>(64, rc::gen::arbitrary<std::uint8_t>());
  std::string content =
      as_jpeg ? encode_jpeg(8, 8, TJPF_GRAY, pixels) : encode_png(8, 8, PNG_FORMAT_GRAY, pixels);
  content[at % content.size()] = static_cast<char>(value);
  try {
    const DecodedImage image = decode_image(content, 0, "damaged");
    RC_ASSERT(image.pixels.size() == image.shape.num_values());
  } catch (const core::Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::data);
  }
}

}  // namespace
}  // namespace edgeprune::data
