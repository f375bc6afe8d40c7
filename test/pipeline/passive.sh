#!/usr/bin/env bash
# Programs on LibTorch let OpenMP's threads sleep after a short spin, whoever starts them; what the user says wins. libgomp calls
# its policy passive even where it spins a while first, so the spins are looked at.
source "$(dirname "$0")/common.sh"

spins() { OMP_DISPLAY_ENV=verbose "$@" --version 2>&1 | sed -n "s/.*GOMP_SPINCOUNT = '\(.*\)'/\1/p"; }

for tool in train-ofa search export eval; do
  [[ $(spins "enas4d-$tool") == 10000 ]] || fail "enas4d-$tool waits with $(spins "enas4d-$tool") spins"
done
[[ $(OMP_WAIT_POLICY=active spins enas4d-eval) != 10000 ]] || fail "the user's OMP_WAIT_POLICY was overruled"
[[ $(GOMP_SPINCOUNT=77 spins enas4d-eval) == 77 ]] || fail "the user's GOMP_SPINCOUNT was overruled"
