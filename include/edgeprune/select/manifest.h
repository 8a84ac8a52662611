#pragma once
// What a selection was made from, beside the selection itself: selection.npy holds the kept indices
// (uint32, ascending), selection.json this manifest.

#include "edgeprune/core/directory.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace edgeprune::select {

/// Of samples that were re-encoded.
struct StoredBytes {
  std::uint64_t bytes = 0;
  double share_of_originals = 0;   // of what all originals take in one file
  std::uint32_t jpeg_quality = 0;  // 0: no images
};

struct Manifest {
  std::string dataset_hash;
  std::string scorer;    // the score ranked by, with the mode of `loss`, or "none"
  std::string selector;  // the strategy's name
  std::string per_class = "none";
  std::uint64_t seed = 0;
  std::string keep_ratio;  // as the user wrote it
  std::uint32_t num_samples = 0;
  std::uint32_t num_kept = 0;
  std::string selection_hash;  // of the indices
  std::optional<StoredBytes> stored = {};
};

/// The hash that names a set of kept indices: equal sets, equal hashes, on every machine.
[[nodiscard]] std::string selection_hash(std::span<const std::uint32_t> kept);

/// The two files as bytes.
struct SelectionFiles {
  std::string npy;
  std::string json;
};
[[nodiscard]] SelectionFiles selection_files(std::span<const std::uint32_t> kept,
                                             Manifest manifest);

/// Writes selection.npy, then selection.json, each atomically: a reader finds the old file or the
/// new one, never a part. A kill between the two leaves the new list beside the old manifest, or
/// beside none; `selection_hash` of the list then differs from the manifest's. A file that cannot
/// be written is an Error of kind io.
void write_selection(const core::Directory& directory, std::span<const std::uint32_t> kept,
                     Manifest manifest);

/// An Error of kind run_directory where the directory holds a selection.npy or selection.json that
/// is not as write_selection left it: a list of somebody's own is not replaced.
void require_replaceable_selection(const core::Directory& directory);

/// What the selection in a directory was made from, and what it is, as its manifest has it.
struct SelectionHashes {
  std::string dataset;
  std::string selection;
};
/// An Error of kind run_directory where there is no readable manifest.
[[nodiscard]] SelectionHashes read_selection_hashes(const core::Directory& directory);

/// Reads an index list (.npy, any integer type, one dimension): sorted or not, without duplicates,
/// all below num_samples, at least one; returned ascending. Anything else is an Error of kind data.
[[nodiscard]] std::vector<std::uint32_t> read_index_list(const core::FilePlace& place,
                                                         std::uint32_t num_samples);

}  // namespace edgeprune::select
