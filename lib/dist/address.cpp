#include "dist/address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace enas4d {

namespace {

/// "10.0.0.1", empty for what is no internet address.
std::string address_text(const sockaddr* address) {
  const bool is_ipv6 = address->sa_family == AF_INET6;
  if (!is_ipv6 && address->sa_family != AF_INET) return "";
  const socklen_t size = is_ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  char text[NI_MAXHOST];
  if (getnameinfo(address, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) return "";
  return text;
}

/// The one from which packets to `to` leave. Connecting a datagram socket sends nothing.
std::string address_facing(const addrinfo& to) {
  const int descriptor = socket(to.ai_family, to.ai_socktype, to.ai_protocol);
  if (descriptor < 0) return "";
  sockaddr_storage own = {};
  socklen_t size = sizeof own;
  auto* address = reinterpret_cast<sockaddr*>(&own);
  const bool found = connect(descriptor, to.ai_addr, to.ai_addrlen) == 0 &&
                     getsockname(descriptor, address, &size) == 0;
  close(descriptor);
  return found ? address_text(address) : "";
}

bool is_loopback(const std::string& host) {
  return host.rfind("127.", 0) == 0 || host == "::1" || host == "localhost";
}

/// Whether others may reach it; a link-local address needs its interface's name, too.
bool faces_outward(const ifaddrs& interface) {
  if (interface.ifa_addr == nullptr || (interface.ifa_flags & IFF_LOOPBACK) != 0) return false;
  if ((interface.ifa_flags & IFF_UP) == 0 || (interface.ifa_flags & IFF_RUNNING) == 0) return false;
  if (interface.ifa_addr->sa_family != AF_INET6) return true;
  const auto* address = reinterpret_cast<const sockaddr_in6*>(interface.ifa_addr);
  return !IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr);
}

}  // namespace

std::string address_towards(const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), "9", &hints, &found) != 0) return "";
  std::string result;
  for (const addrinfo* to = found; to != nullptr && result.empty(); to = to->ai_next) {
    result = address_facing(*to);
  }
  freeaddrinfo(found);
  if (!is_loopback(result) || is_loopback(host)) return result;
  const std::string outward = outward_address();
  return outward.empty() ? result : outward;
}

std::string outward_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return "";
  std::string result;
  for (const ifaddrs* one = all; one != nullptr && result.empty(); one = one->ifa_next) {
    if (faces_outward(*one)) result = address_text(one->ifa_addr);
  }
  freeifaddrs(all);
  return result;
}

}  // namespace enas4d
