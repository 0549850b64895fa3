"""chromium - a headless browser that a test drives.

In:    the path of a page.
Out:   values of expressions, what the console said, requests the page tried, pictures.
How:   the DevTools protocol over two pipes (--remote-debugging-pipe: JSON messages, each ended by NUL), so neither a driver nor a
       network port is needed.
Never: leaves the browser running, or anything in the home directory.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Chromium:
    def __init__(self, width=1280, height=900):
        self.home = tempfile.mkdtemp()
        self.said, self.requests, self.last, self.rest = [], [], 0, b""
        to_browser, self.write = os.pipe()
        self.read, from_browser = os.pipe()
        command = ["sh", "-c", 'in=$1 out=$2; shift 2; eval "exec \\"\\$@\\" 3<&$in 4>&$out"', "sh", str(to_browser), str(from_browser), program(),
                   "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-crash-reporter", "--user-data-dir=" + self.home,
                   f"--window-size={width},{height}", "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home})
        os.close(to_browser)
        os.close(from_browser)
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.write)
        os.close(self.read)
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- messages ----

    def _message(self, seconds):
        """The next message, or None when the time is over."""
        end = time.monotonic() + seconds
        while b"\0" not in self.rest:
            if not select.select([self.read], [], [], max(0, end - time.monotonic()))[0]:
                return None
            more = os.read(self.read, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def _event(self, message):
        method, given = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.said.append(given["type"] + ": " + " ".join(str(a.get("value", a.get("description"))) for a in given["args"]))
        elif method == "Runtime.exceptionThrown":
            details = given["exceptionDetails"]
            self.said.append("exception: " + details.get("exception", {}).get("description", details.get("text", "")))
        elif method == "Log.entryAdded":
            self.said.append(given["entry"]["level"] + ": " + given["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.said.append("dialog: " + given["message"])
            self.call("Page.handleJavaScriptDialog", accept=True)
        elif method == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        return method

    def call(self, method, seconds=60, **params):
        self.last += 1
        number, message = self.last, {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + seconds
        while True:
            answer = self._message(end - time.monotonic())
            if answer is None:
                raise RuntimeError(f"{method}: no answer in {seconds} s")
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._event(answer)

    # ---- what a test does ----

    def open(self, path, seconds=60):
        """Opens a file and waits until it is loaded; returns the seconds that took."""
        self.said, self.requests = [], []
        began = time.monotonic()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url="file://" + path if path.startswith("/") else path)
        while self.value("document.readyState") != "complete":
            if time.monotonic() - began > seconds:
                raise RuntimeError(f"{path}: not loaded in {seconds} s")
            time.sleep(0.05)
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
        return time.monotonic() - began

    def value(self, expression):
        """What an expression gives; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(expression + ": " + answer["exceptionDetails"].get("exception", {}).get("description", "?"))
        return answer["result"].get("value")

    def press(self, key, code=None, text=None):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **({"text": text} if text and kind == "keyDown" else {}))

    def drag(self, x1, y1, x2, y2):
        for kind, x, y, held in (("mouseMoved", x1, y1, 0), ("mousePressed", x1, y1, 1), ("mouseMoved", (x1 + x2) / 2, y2, 1), ("mouseMoved", x2, y2, 1), ("mouseReleased", x2, y2, 0)):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if kind != "mouseMoved" or held else "none", buttons=held, clickCount=1)

    def media(self, scheme=None, kind=""):
        self.call("Emulation.setEmulatedMedia", media=kind, features=[{"name": "prefers-color-scheme", "value": scheme}] if scheme else [])

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, path, whole=False):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]))

    def pdf(self, path=None):
        data = base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)["data"])
        if path:
            with open(path, "wb") as file:
                file.write(data)
        return data
