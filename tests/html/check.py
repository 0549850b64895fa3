"""check PROGRAM [FOLDER] - makes captures, analyses them, opens their pages in a headless browser and uses them as a reader would.

Prints "ok NAME" or "not ok NAME: why" for each test. With FOLDER, leaves the pages and pictures of them there.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

import captures
from chromium import Chromium

PROGRAM = os.path.abspath(sys.argv[1])
KEEP = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
failed = False


def test(name, good, why=""):
    global failed
    failed |= not good
    print(f"ok html: {name}" if good else f"not ok html: {name}: {repr(why)[:400]}", flush=True)


def run(*words):
    return subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def page_of(folder, name, talks, path=None):
    """The page of a capture that is made of talks."""
    capture = os.path.join(folder, path or name + ".pcap")
    os.makedirs(os.path.dirname(capture), exist_ok=True)
    captures.write(capture, talks, gap=100_000 if name == "many" else 1_000_000)
    database, page = os.path.join(folder, name + ".db"), os.path.join(folder, name + ".html")
    run("analyze", "-q", "-o", database, capture)
    done = run("report", "--html", page, database)
    test(f"{name}: written", done.returncode == 0 and os.path.exists(page), done.stderr)
    return page


def quiet(browser, page, name):
    test(f"{name}: says nothing on the console", browser.said == [], browser.said)
    test(f"{name}: loads nothing", browser.requests == ["file://" + page], browser.requests)


def rows(browser):
    return browser.value("document.querySelectorAll('#errors tbody tr.opens').length")


def found(browser):
    return browser.value("document.querySelector('#errors .status').textContent")


def search(browser, words):
    browser.value("(() => { const i = document.querySelector('#errors input[type=search]'); i.value = ''; i.focus(); i.dispatchEvent(new Event('input')) })()")
    if words:
        browser.call("Input.insertText", text=words)


def click(browser, selector):
    browser.value(f"document.querySelector({selector!r}).click()")


PAINTED = """(() => { const c = document.querySelector('.chart canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
	let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] === 255; return n })()"""


def hostile(browser, folder):
    # the path itself ends a script element: a folder "x<", a file "script>..."
    page = page_of(folder, "hostile", captures.hostile(), "x</script><img src=x onerror=window.pwned=9>.pcap")
    source = open(page, encoding="utf-8").read()
    test("hostile: no markup of the capture in the file", "<img" not in source and "<svg onload" not in source and "<script>window" not in source)
    test("hostile: a script element ends only where we end it", source.count("</script") == 7, source.count("</script"))
    browser.open(page)
    quiet(browser, page, "hostile")
    test("hostile: errors are listed", rows(browser) >= 4 * len(captures.EVIL) * 3 // 4, rows(browser))
    browser.value("(document.querySelectorAll('details').forEach(d => d.open = true), 1)")
    browser.value("[...document.querySelectorAll('#errors .found .quiet')][0].click()")
    browser.value("(document.querySelectorAll('#causes .opener, #findings .opener').forEach(b => b.click()), 1)")
    browser.value("new Promise(done => setTimeout(done, 300))")
    test("hostile: every error opens with a dialogue and evidence", browser.value(
        "[...document.querySelectorAll('#errors article.error')].length === document.querySelectorAll('#errors tr.opens').length && "
        "[...document.querySelectorAll('#errors article.error')].every(a => a.querySelector('.rung.wrong') && a.querySelector('.proofs li'))"))
    test("hostile: nothing ran", browser.value("window.pwned === undefined"), browser.value("window.pwned"))
    test("hostile: no element but ours", browser.value("document.querySelectorAll('img,svg,iframe,object,embed,base,link,video').length === 0 && document.scripts.length === 7"))
    text = browser.value("document.body.innerText")
    shown = ("<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=3>", "{{data}}", "__proto__", "&lt;b&gt;", "x</script><img src=x onerror=window.pwned=9>.pcap")
    test("hostile: it is shown as what it is", all(one in text for one in shown), [one for one in shown if one not in text])
    test("hostile: nothing turns the direction or hides", browser.value("!/[\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\u0000-\\u0008\\u000e-\\u001f]/.test(document.body.textContent.replace(/[\\n\\t]/g, ''))"))
    test("hostile: the policy refuses markup made of a string", browser.value(
        "(() => { try { document.createElement('p').innerHTML = '<b>x</b>'; return false } catch (e) { return e instanceof TypeError } })()"))
    test("hostile: the policy refuses a handler made of a string", browser.value(
        "(() => { try { document.createElement('img').setAttribute('onerror', 'window.pwned = 10'); return false } catch (e) { return e instanceof TypeError } })()"))
    return page


def use(browser, page):
    browser.size(1280, 900)
    browser.open(page)
    total = found(browser)
    painted = browser.value(PAINTED)
    test("chart: drawn", painted > 1000, painted)
    search(browser, "192.0.2.3 501")
    test("search: narrows to what holds every word", 0 < rows(browser) < 10 and browser.value(
        "[...document.querySelectorAll('#errors tbody tr.opens')].every(r => r.textContent.includes('192.0.2.3') && r.textContent.includes('501'))"), found(browser))
    search(browser, "no such words anywhere")
    test("search: says when there is nothing", rows(browser) == 0 and "No errors here" in browser.value("document.querySelector('#errors tbody').textContent"))
    search(browser, "")
    test("search: empty shows all", found(browser) == total, found(browser))
    for column, name in ((2, "reply"), (9, "frame")):
        click(browser, f"#errors thead th:nth-child({column}) button")
        read = f"[...document.querySelectorAll('#errors tbody tr.opens td:nth-child({column})')].map(c => c.textContent.replace(/,/g, ''))"
        one = browser.value(read)
        state = browser.value(f"document.querySelector('#errors thead th:nth-child({column})').getAttribute('aria-sort')")
        click(browser, f"#errors thead th:nth-child({column}) button")
        other = browser.value(read)
        key = (lambda cell: int(cell.split()[0]))
        test(f"sort: by {name}, both ways, told to readers", state in ("ascending", "descending") and len(set(map(key, one))) > 1 and
             sorted(map(key, one), reverse=state == "descending") == list(map(key, one)) and sorted(map(key, other), reverse=state != "descending") == list(map(key, other)), (state, one[:5], other[:5]))
    browser.value("(() => { const s = errors_inputs.party; s.value = 'client'; s.dispatchEvent(new Event('change')) })()")
    test("filter: by party", 0 < rows(browser) and browser.value("[...document.querySelectorAll('#errors tbody tr.opens .tag')].every(t => t.textContent === 'client')"), found(browser))
    browser.value("(() => { const s = errors_inputs.party; s.value = ''; s.dispatchEvent(new Event('change')) })()")

    browser.value("document.querySelector('#timeline').scrollIntoView()")
    box = browser.value("(() => { const b = document.querySelector('.u-over').getBoundingClientRect(); return [b.left, b.top, b.width, b.height] })()")
    before = browser.value("document.querySelector('.said').textContent")
    # over the first column
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + 4, y=box[1] + box[3] / 2)
    test("chart: tells a column's numbers", browser.value("!document.querySelector('.tip').hidden && /\\d/.test(document.querySelector('.tip').textContent)"))
    browser.drag(box[0] + box[2] * 0.1, box[1] + 50, box[0] + box[2] * 0.6, box[1] + 60)
    after = browser.value("document.querySelector('.said').textContent")
    test("chart: drag zooms and narrows the errors", before != after and browser.value("document.querySelectorAll('#errors .chip').length") == 1 and found(browser) != total, (before, after))
    browser.value("document.querySelector('.frame').focus()")
    browser.press("0", "Digit0", "0")
    test("chart: key 0 shows all again", browser.value("document.querySelector('.said').textContent") == before and found(browser) == total)
    browser.press("+", "Equal", "+")
    test("chart: key + zooms", browser.value("document.querySelector('.said').textContent") != before)
    browser.press("Escape")

    browser.value("(document.activeElement.blur(), window.scrollTo(0, 0), document.querySelector('.skip').focus(), 1)")
    browser.press("Enter", "Enter", "\r")
    test("keys: the skip link leads to the report", browser.value("document.activeElement.id") == "content")
    browser.value("document.querySelector('#errors .opener').focus()")
    browser.press("Enter", "Enter", "\r")
    test("keys: Enter opens an error", browser.value("document.querySelector('#errors .opener').getAttribute('aria-expanded') === 'true' && !!document.querySelector('#errors tr.detail .ladder')"))
    error = browser.value("ERRORS[ERRORS.length - 1].id")
    browser.value(f"location.hash = '#error-{error}'")
    browser.value("new Promise(done => setTimeout(done, 200))")
    test("address: #error-ID opens that error", browser.value(f"document.querySelector('#errors tr.opened')?.id === 'row-error-{error}' || !!document.querySelector('#row-error-{error}.opened')"))
    test("readers: every table has a caption and every control a name", browser.value(
        "[...document.querySelectorAll('table')].every(t => t.caption?.textContent) && [...document.querySelectorAll('button, a, input, select')].every(b => (b.textContent + (b.labels?.[0]?.textContent ?? '') + (b.getAttribute('aria-label') ?? '')).trim())"))
    test("readers: headings go down one step at a time", browser.value(
        "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1])).every((level, i, all) => i === 0 ? level === 1 : level <= all[i - 1] + 1)"))
    test("readers: landmarks have names of their own", browser.value(
        "(names => new Set(names).size === names.length)([...document.querySelectorAll('section[aria-label], section[aria-labelledby], nav, [role=region], [role=search]')]"
        ".map(e => e.getAttribute('aria-label') ?? document.getElementById(e.getAttribute('aria-labelledby'))?.textContent))"))
    test("readers: ids are unique", browser.value("(ids => new Set(ids).size === ids.length)([...document.querySelectorAll('[id]')].map(e => e.id))"))
    test("chart and search: quiet on the console", browser.said == [], browser.said)


def looks(browser, page, name):
    colour = "getComputedStyle(document.body).backgroundColor"
    browser.media("light")
    browser.open(page)
    light = browser.value(colour)
    browser.media("dark")
    dark = browser.value(colour)
    test("colours: follow the system", light != dark, (light, dark))
    click(browser, "#theme")
    test("colours: the button changes them", browser.value(colour) == light, browser.value(colour))
    click(browser, "#theme")
    if KEEP:
        browser.picture(os.path.join(KEEP, name + ".dark.png"))
    browser.media("light")
    browser.value("delete document.documentElement.dataset.theme")
    for width in (1280, 400):
        browser.size(width, 900)
        browser.open(page)
        test(f"width {width}: nothing runs out of the page", browser.value("document.documentElement.scrollWidth <= innerWidth"), browser.value("document.documentElement.scrollWidth"))
        if KEEP:
            browser.picture(os.path.join(KEEP, f"{name}.{width}.png"), whole=True)
    browser.size(1280, 900)
    test("print: makes pages", browser.pdf(os.path.join(KEEP, name + ".pdf") if KEEP else None).startswith(b"%PDF"))
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.call("Page.navigate", url="file://" + page)
    time.sleep(0.5)
    text = browser.call("DOM.getDocument", depth=-1, pierce=True)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    test("without scripts: the plain report stands there", "met 5xx replies" in str(text["root"]) and "NOSCRIPT" in str(text["root"]))


def many(browser, folder, n=12000):
    page = page_of(folder, "many", captures.many(n))
    size = os.path.getsize(page)
    seconds = browser.open(page)
    test(f"{n} errors: open within 10 s", seconds < 10, seconds)
    quiet(browser, page, f"{n} errors")
    text = browser.value("document.querySelector('#errors .callout').textContent")
    test(f"{n} errors: says what it leaves out", "10,000 of 12,000 errors are listed; 2,000 are left out" in text, text)
    test(f"{n} errors: counts are of all", "12,000 errors" in browser.value("document.querySelector('h1').textContent"))
    began = time.monotonic()
    search(browser, "needle hay")
    test(f"{n} errors: the rare one is among those listed and found at once", rows(browser) == 1 and time.monotonic() - began < 2, (rows(browser), time.monotonic() - began))
    search(browser, "zzz nowhere")
    text = browser.value("document.querySelector('#errors tbody').textContent")
    test(f"{n} errors: nothing found is not called nothing there", text == "None among those listed; 2,000 errors are not in this table.", text)
    search(browser, "")
    spent = browser.value("(() => { const t = performance.now(); document.querySelector('#errors thead th:nth-child(3) button').click(); return performance.now() - t })()")
    test(f"{n} errors: sorted within a second", spent < 1000, spent)
    spent = browser.value("(() => { const i = errors_inputs.search, t = performance.now(); i.value = 'relay 5.2.1'; i.dispatchEvent(new Event('input')); return performance.now() - t })()")
    test(f"{n} errors: searched within a second", spent < 1000, spent)
    click(browser, "#errors .pager button:last-child")
    test(f"{n} errors: pages turn", browser.value("document.querySelector('#errors .where').textContent").startswith("101–200 of"), browser.value("document.querySelector('#errors .where').textContent"))
    print(f"   {n} errors: page of {size / 1e6:.1f} MB, open after {seconds:.1f} s")


def quiet_pages(browser, folder):
    page = page_of(folder, "clean", captures.clean())
    browser.open(page)
    test("no errors: says so", browser.value("document.querySelector('h1').textContent").startswith("No 5xx reply in 1 session"), browser.value("document.querySelector('h1').textContent"))
    quiet(browser, page, "no errors")
    page = page_of(folder, "empty", [])
    browser.open(page)
    test("no session: no clean bill", "No SMTP session was found" in browser.value("document.querySelector('h1').textContent"))
    quiet(browser, page, "no session")


def boxes(browser, folder):
    """The matrix of what middleboxes do, on a recorded path that overwrites STARTTLS."""
    database, page = os.path.join(folder, "boxes.db"), os.path.join(folder, "boxes.html")
    run("analyze", "-q", "-o", database, "samples/starttls-masked.pcap")
    run("report", "--html", page, database)
    browser.open(page)
    quiet(browser, page, "middlebox")
    test("middlebox: the matrix has a shaded cell", browser.value("document.querySelectorAll('#boxes td.heat .cell').length") > 0)
    click(browser, "#boxes .opener")
    click(browser, "#findings .opener")
    text = browser.value("document.querySelector('#boxes .detail').innerText + document.querySelector('#findings .detail').innerText")
    test("middlebox: opens with what, where and the frames", "STARTTLS" in text and "Where the box sits" in text and "frame" in text, text[:200])
    browser.size(400, 900)
    browser.open(page)
    test("middlebox: nothing runs out of a small page", browser.value("document.documentElement.scrollWidth <= innerWidth"), browser.value("document.documentElement.scrollWidth"))
    browser.size(1280, 900)
    run("redact", database, os.path.join(folder, "shared.db"))
    shared = os.path.join(folder, "shared.html")
    run("report", "--html", shared, os.path.join(folder, "shared.db"))
    test("redacted: the page without says nothing of it", browser.value("document.querySelector('#summary .callout') === null"))
    browser.open(shared)
    test("redacted: the page says so", browser.value("document.querySelector('#summary .callout')?.textContent.startsWith('Redacted.')"))


def files(folder):
    database, one, two = (os.path.join(folder, name) for name in ("hostile.db", "one.html", "two.html"))
    run("report", "--html", one, database)
    run("report", "--html", two, database)
    test("file: the same every time", open(one, "rb").read() == open(two, "rb").read())
    test("file: - is standard output", run("report", "--html", "-", database).stdout == open(one, "rb").read())
    away = run("report", "--html", os.path.join(folder, "no", "where.html"), database)
    test("file: exit status 4 where it cannot be written", away.returncode == 4 and b"where.html" in away.stderr, away)
    before = open(database, "rb").read()
    astray = run("report", "--html", database, database)
    test("file: a file of another kind is not overwritten", astray.returncode == 4 and open(database, "rb").read() == before, astray)
    test("file: nothing is left beside it", not [name for name in os.listdir(folder) if ".html." in name])


def main():
    folder = tempfile.mkdtemp()
    try:
        with Chromium() as browser:
            page = hostile(browser, folder)
            use(browser, page)
            looks(browser, page, "hostile")
            many(browser, folder)
            quiet_pages(browser, folder)
            boxes(browser, folder)
        files(folder)
        if KEEP:
            for name in os.listdir(folder):
                if name.endswith(".html"):
                    shutil.copy(os.path.join(folder, name), KEEP)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


sys.exit(main())
