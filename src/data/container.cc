#include "edgeprune/data/container.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/data/readers.h"

#include "container_index.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

namespace edgeprune::data {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "numbers are written as they are");

constexpr std::string_view kMagic = "edgepack";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kChecksumBytes = 32;
constexpr std::array kCodes = {SampleCode::images, SampleCode::bytes, SampleCode::floats,
                               SampleCode::scaled};
// As image readers have it: a byte of a file never stands for more values, so that a small file
// cannot ask for much memory.
constexpr std::uint64_t kMaxValuesPerByte = 3 * 1032 * 8;
constexpr double kLargest = std::numeric_limits<float>::max();  // of what is scaled back
constexpr std::uint64_t kMaxValues = std::uint64_t{3} << 26;    // of a sample

void append_number(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(0x80 | (number & 0x7f));
  out += static_cast<char>(number);
}

// What is left of a file, taken from its front.
class Rest {
 public:
  Rest(std::string_view content, const std::string& name) : content_(content), name_(&name) {}

  std::string_view take(std::uint64_t count) {
    if (count > content_.size()) reject("ends too early");
    const std::string_view taken = content_.substr(0, count);
    content_.remove_prefix(count);
    return taken;
  }

  template <typename T>
  T number() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      number |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) {
        if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) break;
        return static_cast<T>(number);
      }
    }
    reject("holds a number out of range");
  }

  [[nodiscard]] bool is_empty() const { return content_.empty(); }
  [[noreturn]] void reject(std::string_view why) const {
    core::reject_file(*name_, fmt::format("not a whole container ({}); restore it", why));
  }

 private:
  std::string_view content_;
  const std::string* name_;
};

std::string index_of(const Container& container) {
  std::string index;
  std::uint32_t before = 0;
  for (const StoredSample& sample : container.samples) {
    append_entry({.distance = sample.source - before,
                  .label = sample.label,
                  .shared = sample.shared,
                  .bytes = sample.content.size()},
                 index);
    before = sample.source;
  }
  return index;
}

std::string head_of(const Container& container, std::size_t index_bytes) {
  Json shared = Json::array();
  for (const std::string& beginning : container.shared) shared.push_back(beginning.size());
  const Json json = {{"format_version", kFormatVersion},
                     {"code", name_of(container.code)},
                     {"height", container.shape.height},
                     {"width", container.shape.width},
                     {"channels", container.shape.channels},
                     {"jpeg_quality", container.jpeg_quality},
                     {"minimum", container.minimum},
                     {"step", container.step},
                     {"classes", container.class_names},
                     {"num_samples", container.samples.size()},
                     {"shared_bytes", shared},
                     {"index_bytes", index_bytes},
                     {"source_hash", container.source_hash}};
  return core::json_text(json, "the head of a container");
}

// What the head says of the parts that follow.
struct Parts {
  std::uint32_t num_samples = 0;
  std::uint64_t index_bytes = 0;
  std::vector<std::uint64_t> shared_bytes;
};

std::vector<float> floats_of(const Json& array, const char* name) {
  std::vector<float> values;
  for (const Json& value : array) values.push_back(core::json_number<float>(value, name));
  return values;
}

Container read_head(const Json& json, Parts& parts) {
  if (core::json_member<std::uint32_t>(json, "format_version") != kFormatVersion) {
    throw core::JsonMismatch("it was written by another version of edgeprune");
  }
  const auto code =
      std::ranges::find_if(kCodes, [&](SampleCode one) { return json.at("code") == name_of(one); });
  if (code == kCodes.end()) throw core::JsonMismatch("'code' is not known");
  Container container{.code = *code,
                      .shape = {core::json_member<std::uint32_t>(json, "height"),
                                core::json_member<std::uint32_t>(json, "width"),
                                core::json_member<std::uint32_t>(json, "channels")},
                      .jpeg_quality = core::json_member<std::uint32_t>(json, "jpeg_quality"),
                      .minimum = floats_of(json.at("minimum"), "minimum"),
                      .step = floats_of(json.at("step"), "step"),
                      .class_names = json.at("classes").get<std::vector<std::string>>(),
                      .source_hash = json.at("source_hash").get<std::string>()};
  const bool is_scaled = container.code == SampleCode::scaled;
  const std::size_t ranges = is_scaled ? container.shape.channels : 0;
  if (container.minimum.size() != ranges || container.step.size() != ranges) {
    throw core::JsonMismatch("'minimum' and 'step' have one number for each channel");
  }
  parts.num_samples = core::json_member<std::uint32_t>(json, "num_samples");
  parts.index_bytes = core::json_member<std::uint64_t>(json, "index_bytes");
  for (const Json& bytes : json.at("shared_bytes")) {
    parts.shared_bytes.push_back(core::json_number<std::uint64_t>(bytes, "shared_bytes"));
  }
  return container;
}

void read_samples(Rest index, Rest& contents, std::uint32_t count, Container& container) {
  std::uint32_t before = 0;
  for (std::uint32_t n = 0; n < count; ++n) {
    StoredSample sample;
    const auto distance = index.number<std::uint32_t>();
    if (distance > std::numeric_limits<std::uint32_t>::max() - before || (distance == 0 && n > 0)) {
      index.reject("its samples are out of order");
    }
    sample.source = before + distance;
    before = sample.source;
    sample.label = index.number<std::int32_t>();
    sample.shared = index.number<std::uint32_t>();
    const auto bytes = index.number<std::uint64_t>();
    if (sample.shared >= container.shared.size()) index.reject("a beginning is missing");
    if (static_cast<std::size_t>(sample.label) >= container.class_names.size()) {
      index.reject(fmt::format("sample {} is of no class", n));
    }
    sample.content = contents.take(bytes);
    container.samples.push_back(std::move(sample));
  }
  if (!index.is_empty() || !contents.is_empty()) index.reject("there is more than its head says");
}

void decode_values(const Container& container, const StoredSample& sample, Dataset& dataset,
                   const std::string& name) {
  const std::size_t size = container.shape.num_values();
  const std::size_t element = container.code == SampleCode::floats ? sizeof(float) : 1;
  if (sample.content.size() != size * element) {
    core::reject_file(name, fmt::format("sample {} has {} bytes, not {}; restore the container",
                                        sample.source, sample.content.size(), size * element));
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(sample.content.data());
  if (container.code == SampleCode::bytes) {
    dataset.byte_pixels.insert(dataset.byte_pixels.end(), bytes, bytes + size);
    return;
  }
  const std::size_t at = dataset.float_pixels.size();
  dataset.float_pixels.resize(at + size);
  if (container.code == SampleCode::floats) {
    std::memcpy(dataset.float_pixels.data() + at, bytes, size * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t channel = i % container.shape.channels;
    const double value =
        container.minimum[channel] + bytes[i] * static_cast<double>(container.step[channel]);
    dataset.float_pixels[at + i] = static_cast<float>(std::clamp(value, -kLargest, kLargest));
  }
}

void decode_image_sample(const Container& container, const StoredSample& sample, Dataset& dataset,
                         const std::string& name) {
  const std::string content = container.shared[sample.shared] + sample.content;
  DecodedImage image = decode_image(content, container.shape.channels,
                                    fmt::format("{}: sample {}", name, sample.source));
  if (image.shape != container.shape) {
    image = resize_image(image, container.shape.height, container.shape.width);
  }
  dataset.byte_pixels.insert(dataset.byte_pixels.end(), image.pixels.begin(), image.pixels.end());
}

}  // namespace

std::string_view name_of(SampleCode code) {
  switch (code) {
    case SampleCode::images:
      return "images";
    case SampleCode::bytes:
      return "bytes";
    case SampleCode::floats:
      return "floats";
    case SampleCode::scaled:
      return "scaled";
  }
  throw core::Error(core::ErrorKind::internal, "unknown code of samples");
}

void append_entry(const IndexEntry& entry, std::string& index) {
  append_number(entry.distance, index);
  append_number(static_cast<std::uint32_t>(entry.label), index);
  append_number(entry.shared, index);
  append_number(entry.bytes, index);
}

std::uint64_t index_bytes(const IndexEntry& entry) {
  std::string index;
  append_entry(entry, index);
  return index.size();
}

std::string container_bytes(const Container& container) {
  const std::string index = index_of(container);
  const std::string head = head_of(container, index.size());
  const auto length = static_cast<std::uint32_t>(head.size());
  std::string content(kMagic);
  content.append(reinterpret_cast<const char*>(&length), sizeof(length));
  content += head;
  for (const std::string& beginning : container.shared) content += beginning;
  content += index;
  for (const StoredSample& sample : container.samples) content += sample.content;
  return content + core::content_hash(content);
}

Container parse_container(std::string_view content, const std::string& name) {
  Rest rest(content, name);
  if (!content.starts_with(kMagic)) {
    core::reject_file(name,
                      "not a container of samples (wrong magic); name one, such as the "
                      "kept.edgeprune of a run");
  }
  if (content.size() < kMagic.size() + sizeof(std::uint32_t) + kChecksumBytes) {
    rest.reject("ends too early");
  }
  const std::size_t end = content.size() - kChecksumBytes;
  if (core::content_hash(content.substr(0, end)) != content.substr(end)) {
    rest.reject("its checksum is another");
  }
  rest = Rest(content.substr(kMagic.size(), end - kMagic.size()), name);
  std::uint32_t length = 0;
  std::memcpy(&length, rest.take(sizeof(length)).data(), sizeof(length));
  Parts parts;
  Container container = core::read_json<Json>(
      rest.take(length), {.name = name, .what = "not a whole container", .fix = "restore it"},
      [&](const Json& json) { return read_head(json, parts); });
  for (const std::uint64_t bytes : parts.shared_bytes) {
    container.shared.emplace_back(rest.take(bytes));
  }
  const Rest index(rest.take(parts.index_bytes), name);
  read_samples(index, rest, parts.num_samples, container);
  const double values = static_cast<double>(container.shape.height) * container.shape.width *
                        container.shape.channels;
  if (values > static_cast<double>(kMaxValues) ||
      values * parts.num_samples > static_cast<double>(kMaxValuesPerByte * content.size())) {
    rest.reject("its shape is too large for its bytes");
  }
  return container;
}

Dataset decode_container(const Container& container, const std::string& name) {
  Dataset dataset;
  dataset.name = name;
  dataset.shape = container.shape;
  dataset.class_names = container.class_names;
  for (const StoredSample& sample : container.samples) {
    dataset.labels.push_back(sample.label);
    if (container.code == SampleCode::images) {
      decode_image_sample(container, sample, dataset, name);
    } else {
      decode_values(container, sample, dataset, name);
    }
  }
  return finish_dataset(std::move(dataset));
}

Dataset read_container(const std::filesystem::path& path) {
  const std::string content = core::read_file(path);
  Dataset dataset = decode_container(parse_container(content, path.string()), path.string());
  dataset.stored_bytes_per_sample = static_cast<double>(content.size()) / dataset.num_samples();
  return dataset;
}

}  // namespace edgeprune::data
