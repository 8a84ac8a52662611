#pragma once
// Models as safetensors files, named and shaped as PyTorch's state_dict, so that weights move both
// ways:
//
//   model.load_state_dict(safetensors.torch.load_file("model.safetensors"))        # Python
//
// docs/architecture.md lists the names. A file that does not fit the network is an Error of kind
// data that names the tensor.

#include "edgeprune/core/directory.h"
#include "edgeprune/nn/model.h"

#include <filesystem>
#include <map>
#include <string>

namespace edgeprune::nn {

/// Writes atomically; `metadata` goes into the file's header.
void write_model(const core::FilePlace& place, const Network& network, const Model& model,
                 const std::map<std::string, std::string>& metadata = {});

/// The same file as bytes.
[[nodiscard]] std::string model_bytes(const Network& network, const Model& model,
                                      const std::map<std::string, std::string>& metadata = {});

/// Every tensor of the network must be there in its shape, as F32 (num_batches_tracked: I64, may be
/// missing); other tensors in the file are an error.
[[nodiscard]] Model read_model(const core::FilePlace& place, const Network& network);

/// A model to start from, and the classes of the file where they are others.
struct StartingModel {
  Model model;
  std::size_t replaced_classes = 0;  // rows of the file's head that was left out; 0: none was
};
/// As read_model, but the file may be of a network for another number of classes: where the weight
/// and bias of its head (Network::head) differ in their rows alone, those of `initial` stay.
[[nodiscard]] StartingModel read_starting_model(const std::filesystem::path& path,
                                                const Network& network, Model initial);

}  // namespace edgeprune::nn
