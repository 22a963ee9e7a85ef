"""Debian's Chromium without a screen, driven by the WebDriver protocol (W3C) through chromedriver."""

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, section 12.1
SECONDS = 30


class WebDriverError(AssertionError):
    pass


class Chromium:
    """A window of a browser that knows nothing yet. `stop` ends it and removes what it kept."""

    def __init__(self, driver: str, browser: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        environment = {**os.environ, "HOME": self.folder.name}
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                                        start_new_session=True)
        self.port = self._port()
        # What the driver says later would fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.session = ""
        arguments = ["--headless=new", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
                     "--disable-background-networking", f"--user-data-dir={Path(self.folder.name) / 'profile'}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": True, "goog:chromeOptions": {"binary": browser, "args": arguments}}}})
        self.session = f"/session/{made['sessionId']}"

    def _port(self) -> int:
        said = ""
        for line in self.process.stdout:
            said += line
            if found := re.search(r"successfully on port (\d+)", line):
                return int(found[1])
        raise WebDriverError(f"chromedriver did not start: {said}")

    def _call(self, method: str, path: str, body: dict | None = None, seconds: float = 60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        data = json.dumps(body if body is not None else {}) if method == "POST" else None
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(f"{path}: {value['error']}: {value['message']}")
        return value

    def open(self, url: str) -> None:
        self._call("POST", f"{self.session}/url", {"url": url})

    @property
    def url(self) -> str:
        return self._call("GET", f"{self.session}/url")

    @property
    def text(self) -> str:
        while True:
            try:
                return self._call("GET", f"{self.session}/element/{self.find('body')}/text")
            except WebDriverError as error:
                if "stale element" not in str(error):  # else another page came in between
                    raise

    def find(self, selector: str) -> str:
        """Waits until something matches the CSS selector."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                return self._call("POST", f"{self.session}/element", {"using": "css selector", "value": selector})[ELEMENT]
            except WebDriverError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def type(self, selector: str, text: str) -> None:
        element = self.find(selector)
        self._call("POST", f"{self.session}/element/{element}/clear")
        self._call("POST", f"{self.session}/element/{element}/value", {"text": text})

    def click(self, selector: str) -> None:
        self._call("POST", f"{self.session}/element/{self.find(selector)}/click")

    def follow(self, words: str) -> None:
        """Clicks the link with these words."""
        link = self._call("POST", f"{self.session}/element", {"using": "link text", "value": words})[ELEMENT]
        self._call("POST", f"{self.session}/element/{link}/click")

    def run(self, script: str):
        return self._call("POST", f"{self.session}/execute/sync", {"script": script, "args": []})

    def cookies(self) -> list[dict]:
        return self._call("GET", f"{self.session}/cookie")

    def stop(self) -> None:
        try:
            if self.session:
                self._call("DELETE", self.session, seconds=5)
        except (WebDriverError, OSError):
            pass  # at its end the browser may wait for something outside for a minute
        finally:
            os.killpg(self.process.pid, signal.SIGKILL)  # the driver, and the browser that it started
            self.process.wait(timeout=30)
            self.folder.cleanup()
