"""Headless Chromium, driven over the pipe of its DevTools protocol, without further packages."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from PIL import Image

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_chromium = pytest.mark.skipif(
    EXECUTABLE is None, reason="chromium absent: tests/install_chromium.sh"
)

_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # tests run as root in containers
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no page may need the network
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
TIMEOUT = 60.0
"""Seconds that a page may take to answer."""


class Page:
    """A page that is open in a browser; `errors` has what its console said and what it asked for.

    Parameters
    ----------
    write, read
        Ends of the pipes to and from the browser.
    """

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._ids = itertools.count(1)
        self._rest = b""
        self._session: str | None = None
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Any:
        """Return the result of a command."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + TIMEOUT
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(until - time.monotonic(), 0))[0]:
                raise TimeoutError("the browser does not answer")
            self._rest += os.read(self._read, 1 << 20)
        message, self._rest = self._rest.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(message)
        of = answer.get("params", {})
        match answer.get("method"):
            case "Runtime.exceptionThrown":
                self.errors.append(str(of["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if of["type"] in ("error", "warning", "assert"):
                self.errors.append(str(of["args"]))
            case "Log.entryAdded" if of["entry"]["level"] in ("error", "warning"):
                self.errors.append(of["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(of["request"]["url"])
        return answer

    def show(self, width: int, height: int, dark: bool = False) -> None:
        """Set the size of the window in pixels, and the mode that the page is asked for."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path: os.PathLike[str]) -> None:
        """Open a file, and wait until it is loaded."""
        self.send("Page.navigate", url=f"file://{os.path.abspath(path)}")
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    @contextmanager
    def shown(self, path: Path, width: int = 700, height: int = 600) -> Iterator[Self]:
        """Open a file in a window of a size; it must not complain, nor ask for another file."""
        self.errors.clear()
        self.requests.clear()
        self.show(width, height)
        self.open(path)
        yield self
        assert self.errors == []
        asked_for = [address for address in self.requests if not address.startswith("data:")]
        assert asked_for == [path.as_uri()]

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page, or of the promise that it is."""
        result = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + TIMEOUT
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > until:
                raise TimeoutError(f"never true in the page: {condition}")
            time.sleep(0.05)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Press, move or release the left button, or turn the wheel: ``mouseWheel``."""
        self.send(
            "Input.dispatchMouseEvent",
            type=kind, x=x, y=y, button="left", buttons=1, clickCount=1, **more,
        )  # fmt: skip

    def screenshot(self) -> np.ndarray:
        """Return the pixels, (height, width, 3), as unsigned bytes."""
        image = base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
        return np.asarray(Image.open(BytesIO(image)).convert("RGB"))


@contextmanager
def page() -> Iterator[Page]:
    """Start a browser without network, and open an empty page in it."""
    assert EXECUTABLE is not None
    to_browser, write = os.pipe()
    read, from_browser = os.pipe()
    # The protocol is spoken over file descriptors 3 and 4.
    script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                "bash", "-c", script, "bash", str(to_browser), str(from_browser),
                EXECUTABLE, *_FLAGS, f"--user-data-dir={profile}", "about:blank",
            ],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Page(write, read)
        finally:
            os.close(write)
            os.close(read)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
