#!/usr/bin/env bash
# Install Debian's SLURM for tests/study/run/test_slurm.py, where this machine lets us; that test skips by
# name where it is absent, so that failing here is no error.
set -euo pipefail
command -v slurmctld > /dev/null && command -v slurmd > /dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "SLURM is not installed: that needs root and apt-get; its test will be skipped"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
quick=(-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10)
if ! { timeout 60 apt-get "${quick[@]}" update &&
    timeout 180 apt-get "${quick[@]}" install -y --no-install-recommends slurm-wlm munge; } > /dev/null 2>&1
then
    echo "SLURM could not be installed; its test will be skipped"
fi
