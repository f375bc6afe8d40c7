// Under which address the ranks on other machines reach this one.
#pragma once

#include <string>

namespace enas4d {

/// The address of this machine that faces `host`, empty if unknown. Gloo would take what the
/// machine's own name stands for, which on Debian is a loopback address that no other machine
/// reaches; where `host` is that name, it is outward_address().
std::string address_towards(const std::string& host);

/// The first address of a network interface that is up, empty if there is only loopback.
std::string outward_address();

}  // namespace enas4d
