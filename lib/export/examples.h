// Images as the network takes them, with its answers: what a runtime somewhere else is checked
// against.
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "nn/subnet.h"
#include "policy/exit_table.h"

namespace enas4d {

/// Writes a safetensors file with the first `count` images of val (or all): "image" N x C x R x R,
/// "logits1", "logits2", ... N x classes of every exit that the policy knows (float32); "exit",
/// from 1, "class", and the true "label", N each (int64).
void write_examples(const std::string& path, const Subnet& subnet, const Policy& policy,
                    const Dataset& data, std::int64_t count);

}  // namespace enas4d
