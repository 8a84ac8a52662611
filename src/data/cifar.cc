#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/data/readers.h"

#include "labels.h"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>

namespace edgeprune::data {
namespace {

constexpr ImageShape kShape = {.height = 32, .width = 32, .channels = 3};
constexpr std::size_t kPlaneBytes = 32 * 32;
constexpr std::size_t kImageBytes = 3 * kPlaneBytes;

struct Format {
  std::string_view name;
  std::size_t label_bytes;  // the last one is the label
  std::int32_t num_classes;
};

Format format_of(CifarVariant variant) {
  if (variant == CifarVariant::cifar10) return {"CIFAR-10", 1, 10};
  return {"CIFAR-100", 2, 100};
}

void append_interleaved(std::string_view planes, std::vector<std::uint8_t>& pixels) {
  for (std::size_t at = 0; at < kPlaneBytes; ++at) {
    for (std::size_t plane = 0; plane < 3; ++plane) {
      pixels.push_back(static_cast<std::uint8_t>(planes[plane * kPlaneBytes + at]));
    }
  }
}

std::vector<std::string> cifar10_classes() {
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

// fine_label_names.txt lies beside the data in the archive.
std::vector<std::string> cifar100_classes(const std::filesystem::path& data_file) {
  const std::filesystem::path path = data_file.parent_path() / "fine_label_names.txt";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return numbered_classes(100);
  std::istringstream lines(core::read_file(path));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (names.size() != 100) {
    core::reject_file(path.string(),
                      fmt::format("names {} classes but CIFAR-100 has 100; unpack it again or "
                                  "remove it",
                                  names.size()));
  }
  return names;
}

}  // namespace

CifarRecords parse_cifar(std::string_view content, CifarVariant variant, const std::string& name) {
  const Format format = format_of(variant);
  const std::size_t record_bytes = format.label_bytes + kImageBytes;
  if (content.empty() || content.size() % record_bytes != 0) {
    core::reject_file(
        name, fmt::format("its {} bytes are no whole number of {} records of {} bytes; it is "
                          "truncated or in another format, copy it again",
                          content.size(), format.name, record_bytes));
  }
  CifarRecords records;
  records.pixels.reserve(content.size());
  for (std::size_t record = 0; record < content.size() / record_bytes; ++record) {
    const std::string_view bytes = content.substr(record * record_bytes, record_bytes);
    const std::int32_t label = static_cast<unsigned char>(bytes[format.label_bytes - 1]);
    if (label >= format.num_classes) {
      core::reject_file(
          name, fmt::format("record {} has label {}; {} has labels 0 to {}, check that the file "
                            "is in its binary version",
                            record, label, format.name, format.num_classes - 1));
    }
    records.labels.push_back(label);
    append_interleaved(bytes.substr(format.label_bytes), records.pixels);
  }
  return records;
}

Dataset read_cifar(const std::vector<std::filesystem::path>& files, CifarVariant variant) {
  if (files.empty()) throw core::Error(core::ErrorKind::internal, "no CIFAR files to read");
  const std::filesystem::path& first = files.front();
  Dataset dataset;
  dataset.name = (files.size() == 1 ? first : first.parent_path()).string();
  dataset.shape = kShape;
  dataset.class_names =
      variant == CifarVariant::cifar10 ? cifar10_classes() : cifar100_classes(first);
  for (const std::filesystem::path& file : files) {
    const CifarRecords records = parse_cifar(core::read_file(file), variant, file.string());
    dataset.labels.insert(dataset.labels.end(), records.labels.begin(), records.labels.end());
    dataset.byte_pixels.insert(dataset.byte_pixels.end(), records.pixels.begin(),
                               records.pixels.end());
  }
  dataset.stored_bytes_per_sample =
      static_cast<double>(format_of(variant).label_bytes + kImageBytes);
  return finish_dataset(std::move(dataset));
}

}  // namespace edgeprune::data
