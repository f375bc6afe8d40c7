// The one file that sees c10d, whose headers are heavy and differ between LibTorch's versions.
#ifndef USE_C10D_GLOO  // without it ProcessGroupGloo.hpp is empty; not every LibTorch sets it
#define USE_C10D_GLOO
#endif

#include "dist/gloo_ranks.h"

#include <chrono>
#include <csignal>
#include <exception>
#include <thread>
#include <utility>

#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/version.h>

#include "dist/address.h"

namespace enas4d {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

Milliseconds timeout_of(const RankPlace& place) {
  constexpr double kMillisecondsPerSecond = 1000;
  return Milliseconds(static_cast<std::int64_t>(place.timeout * kMillisecondsPerSecond));
}

/// What went wrong, without the lines of a backtrace.
std::string reason_of(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

/// c10d tells what it tries and what fails on standard error; we say what matters by Error.
void silence_log() {
#ifdef C10_USE_GLOG
  FLAGS_minloglevel = google::GLOG_FATAL;
#endif
}

/// Throws what c10d throws if nobody serves the store within `patience`.
c10::intrusive_ptr<c10d::Store> open_store(const RankPlace& place, Milliseconds patience) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(place.port);
  options.isServer = place.rank == 0;
  options.numWorkers = static_cast<std::size_t>(place.size);
  options.waitWorkers = false;
  options.timeout = patience;
#if TORCH_VERSION_MAJOR >= 2
  options.useLibUV = false;  // which not every build has
#endif
  auto store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
  store->setTimeout(timeout_of(place));
  return store;
}

/// Between looks at what another rank does.
void pause_unless_stopped(const StopFlag& stop) {
  constexpr Milliseconds kPause{100};
  if (stop.raised()) {
    throw Error(ExitStatus::kStopped, "stopped while it waited for the other ranks");
  }
  std::this_thread::sleep_for(kPause);
}

/// The store that rank 0 serves. The others try again and again, because nothing but a signal that
/// happens to come to the right thread ends c10d's own waiting.
c10::intrusive_ptr<c10d::Store> find_store(const RankPlace& place, const StopFlag& stop) {
  // The least that c10d knows; newer versions take a few times as long, with pauses of their own.
  constexpr Milliseconds kPatience{1000};
  const auto deadline = Clock::now() + timeout_of(place);
  while (true) {
    try {
      return open_store(place, place.rank == 0 ? timeout_of(place) : kPatience);
    } catch (const std::exception& error) {
      pause_unless_stopped(stop);
      if (place.rank == 0) {
        throw failed(fmt::format("cannot listen on port {}: {}", place.port, reason_of(error)));
      }
    }
    if (Clock::now() >= deadline) {
      throw failed(fmt::format("found no rank 0 at {}:{} within {} s", place.host, place.port,
                               place.timeout));
    }
  }
}

std::string rank_key(int rank) {
  return fmt::format("enas4d/rank/{}", rank);
}

/// Throws if there are ranks that have not come to the store.
void require_all(c10d::Store& store, const RankPlace& place) {
  std::vector<int> missing;
  for (int r = 0; r < place.size; ++r) {
    if (!store.check({rank_key(r)})) missing.push_back(r);
  }
  if (missing.empty()) return;
  throw failed(fmt::format("rank {} did not come to {}:{} within {} s", fmt::join(missing, ", "),
                           place.host, place.port, place.timeout));
}

/// Waits until every rank has come to the store.
void wait_for_all(c10d::Store& store, const RankPlace& place, const StopFlag& stop) {
  const auto deadline = Clock::now() + timeout_of(place);
  try {
    store.set(rank_key(place.rank), std::vector<std::uint8_t>{1});
    for (int r = 0; r < place.size; ++r) {
      while (!store.check({rank_key(r)})) {
        pause_unless_stopped(stop);
        if (Clock::now() >= deadline) require_all(store, place);
      }
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {  // rank 0, which serves the store, has gone
    pause_unless_stopped(stop);
    throw failed("rank 0 gave up before all ranks had come");
  }
}

class GlooRanks : public Ranks {
 public:
  GlooRanks(const RankPlace& place, const StopFlag& stop) : place_(place) {
    // Gloo writes to a peer that may just have gone: an error that we tell of, not our own end.
    std::signal(SIGPIPE, SIG_IGN);
    silence_log();
    try {
      store_ = find_store(place, stop);
      wait_for_all(*store_, place, stop);
      auto options = c10d::ProcessGroupGloo::Options::create(timeout_of(place));
      options->threads = 1;  // our calls come one by one
      options->devices.push_back(device());
      gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, place.rank, place.size, options);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw failed("cannot reach the other ranks: " + reason_of(error));
    }
  }

  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  void sum(torch::Tensor values) override {
    perform(std::move(values), [this](auto& tensors) { return gloo_->allreduce(tensors); });
  }
  void broadcast(torch::Tensor values) override {
    perform(std::move(values), [this](auto& tensors) { return gloo_->broadcast(tensors); });
  }

 private:
  std::shared_ptr<::gloo::transport::Device> device() const {
    if (!place_.interface.empty()) {
      return c10d::ProcessGroupGloo::createDeviceForInterface(place_.interface);
    }
    const std::string address = address_towards(place_.host);
    return address.empty() ? c10d::ProcessGroupGloo::createDefaultDevice()
                           : c10d::ProcessGroupGloo::createDeviceForHostname(address);
  }

  template <class Collective>
  void perform(torch::Tensor values, const Collective& collective) {
    TORCH_CHECK(values.is_contiguous(), "collectives take contiguous tensors");
    std::vector<torch::Tensor> tensors = {std::move(values)};
    try {
      collective(tensors)->wait();
    } catch (const std::exception& error) {
      throw RankLost(describe(reason_of(error)));
    }
  }

  std::string describe(const std::string& reason) const {
    if (reason.find("imed out") == std::string::npos) return "another rank ended or was lost";
    return fmt::format("another rank did not answer within {} s", place_.timeout);
  }

  const RankPlace place_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
};

}  // namespace

std::unique_ptr<Ranks> connect_ranks(const RankPlace& place, const StopFlag& stop) {
  if (place.size == 1) return std::make_unique<OneRank>();
  return std::make_unique<GlooRanks>(place, stop);
}

}  // namespace enas4d
