#!/usr/bin/env bash
# Install Debian's Chromium for the tests that open a page in a browser, where this machine lets us; these
# tests skip by name where it is absent, so that failing here is no error.
set -euo pipefail
command -v chromium > /dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "Chromium is not installed: that needs root and apt-get; tests in a browser will be skipped"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
quick=(-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10)
if ! { timeout 60 apt-get "${quick[@]}" update &&
    timeout 180 apt-get "${quick[@]}" install -y --no-install-recommends chromium; } > /dev/null 2>&1
then
    echo "Chromium could not be installed; tests in a browser will be skipped"
fi
