// What a reviewer sees of a plan, and an operator of a run, in a browser.
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { lowestContrast, open } = require("./browser.js");

const [planFile, runFile] = process.argv.slice(2);
const WIDE = { width: 1280, height: 1000 };
const NARROW = { width: 400, height: 900 };
const READABLE = 4.5;

async function main() {
  const { page, complaints, close } = await open();
  const go = async (file, size, colorScheme) => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(pathToFileURL(file).href);
  };
  const picture = async (name) => {
    if (process.env.SCREENSHOTS) await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`) });
  };

  async function plan() {
    await go(planFile, WIDE, "light");
    assert.equal(await page.title(), "Plan of merge-duplicate-contacts: can be applied");
    assert.equal(await page.locator("h1").textContent(), "merge-duplicate-contacts");
    assert.match(await page.locator("main").innerText(), /10 deletes, which cannot be taken back, in delete_doubles/);
    assert.equal(await page.locator(".chart").count(), 0, "nothing was sent");
    await picture("plan");
    // By the keyboard alone: the first stop leads over the head of the page to the steps, and a step opens.
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the steps");
    const step = page.locator("#step-delete_doubles");
    await step.locator("> summary").focus();
    await page.keyboard.press("Enter");
    assert.equal(await step.getAttribute("open"), "");
    assert.equal(await step.locator(".operation").filter({ visible: true }).count(), 10);
    await picture("plan-step");
    // A change is shown from one side to the other, side by side.
    await page.locator("#step-move_tasks > summary").click();
    const change = page.locator("#step-move_tasks .operation").first();
    await change.locator("summary").click();
    const [before, after] = await Promise.all(
      [".before", ".after"].map((side) => change.locator(`.diff ${side}`).boundingBox()),
    );
    assert.ok(before.y === after.y && before.x < after.x, "before and after are beside each other");
    await picture("plan-change");
  }

  async function run() {
    await go(runFile, WIDE, "light");
    await picture("run");
    const problems = await page.locator("#failures").boundingBox();
    const steps = await page.locator("#steps").boundingBox();
    assert.ok(problems.y < steps.y, "what went wrong comes first");
    const failures = await page.locator("section:has(#failures)").innerText();
    assert.match(failures, /7 failed\s+not_authorized/);
    assert.match(failures, /2 failed\s+invalid_parameter/);
    assert.match(await page.locator(".chart svg").getAttribute("aria-labelledby"), /chart-title/);
    assert.match(await page.locator("#chart-title").textContent(), /^[\d,]+ writes in \d+ batches, within /);
    const columns = await page.locator(".chart g rect").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    assert.ok(columns.length > 1 && columns.every((height) => height > 0), "the chart has columns");

    // Chips: one outcome, then none of them again.
    const total = await page.locator(".operation").count();
    const failed = page.locator(".chip.failed");
    assert.equal(await failed.getAttribute("aria-pressed"), "false");
    await failed.click();
    assert.equal(await failed.getAttribute("aria-pressed"), "true");
    // What the sandbox refused, and the assert that finds it missing.
    const bad = Number(await failed.locator(".number").textContent());
    assert.equal(bad, 10);
    await assertSeen(page.locator('.operation[data-outcome="failed"]'), bad);
    await assertSeen(page.locator('.operation:not([data-outcome="failed"])'), 0);
    assert.equal(await page.locator(".shown").textContent(), `${bad} of ${total.toLocaleString("en")} operations on this page`);
    await page.locator("#steps").scrollIntoViewIfNeeded();
    await picture("run-failed");

    // Words narrow it down further, in any case.
    const search = page.getByRole("searchbox");
    await search.fill("NOT_authorized");
    await page.waitForFunction(() => document.querySelector(".shown").textContent.startsWith("7 of"));
    await assertSeen(page.locator('.operation[data-outcome="failed"]'), 7);
    await assertSeen(page.locator("#step-accounts"), 0);
    // A step is found by what it does, in one piece and with any blanks; how much of it is shown is said beside it.
    const step = page.locator("#step-contacts");
    const inStep = await step.locator(".operation").count();
    await search.fill("contacts  Create Contacts");
    await assertSeen(page.locator(".operation"), 7);
    assert.equal(await step.locator("> summary .said").textContent(), `7 of ${inStep} operations`);
    await search.fill("contacts accounts");
    await page.waitForFunction(() => !document.querySelector(".nothing").hidden);
    await search.fill("no record says this");
    await page.waitForFunction(() => !document.querySelector(".nothing").hidden);
    await assertSeen(page.locator(".step"), 0);
    await search.press("Escape");
    assert.equal(await failed.getAttribute("aria-pressed"), "false");
    await assertSeen(page.locator(".step"), await page.locator(".step").count());
    assert.match(await step.locator("> summary .said").textContent(), /7 failed \(not_authorized\)/);
    assert.equal(await page.locator(".nothing").isVisible(), false);

    // A link leads to the record by the convention of the web client.
    const link = page.locator("section:has(#failures) .samples a").first();
    assert.match(await link.getAttribute("href"), /^http:\/\/127\.0\.0\.1:\d+\/#(Contacts|Accounts)\/[0-9a-f-]{36}$/);

    // On paper what is closed is open, and there is nothing to click.
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.locator(".filter").isVisible(), false);
    assert.equal(await page.locator("details:not([open])").count(), 0);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    await page.emulateMedia({ media: null });
  }

  async function assertSeen(locator, count) {
    assert.equal(await locator.filter({ visible: true }).count(), count, `${locator} are visible`);
  }

  /** Nothing stands out to the side, and every text stands off from its ground. */
  async function looks(file, name) {
    for (const [size, width] of [
      [WIDE, "wide"],
      [NARROW, "narrow"],
    ]) {
      for (const scheme of ["light", "dark"]) {
        await go(file, size, scheme);
        // One of each kind of thing is open.
        await page.evaluate(() => {
          for (const step of [...document.querySelectorAll(".step")].slice(0, 6)) {
            step.open = true;
            for (const one of [...step.querySelectorAll(".operation, .field")].slice(0, 12)) one.open = true;
          }
        });
        await page.locator(".chip").first().click();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= size.width, `${name}, ${width}: ${wide} pixels are wider than ${size.width}`);
        const contrast = await page.evaluate(lowestContrast);
        assert.ok(contrast.count > 30, `${contrast.count} texts were measured`);
        assert.ok(contrast.ratio >= READABLE, `${name}, ${scheme}: ${JSON.stringify(contrast)}`);
        await picture(`${name}-${width}-${scheme}`);
        console.log(`${name}, ${width}, ${scheme}: ${contrast.count} texts, lowest contrast ${contrast.ratio.toFixed(1)}`);
      }
    }
    const schemes = [];
    for (const scheme of ["light", "dark"]) {
      await go(file, WIDE, scheme);
      schemes.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    assert.notEqual(schemes[0], schemes[1], "dark is another ground");
  }

  /** The policy holds: a script or a style that a record might bring is not run, and nothing is fetched. */
  async function policy() {
    await go(planFile, WIDE, "light");
    assert.deepEqual(complaints, []);
    const ran = await page.evaluate(() => {
      document.body.insertAdjacentHTML("beforeend", '<img src="http://example.invalid/x.png" onerror="window.ran = 1">');
      const script = document.body.appendChild(document.createElement("script"));
      script.textContent = "window.ran = 2";
      return window.ran;
    });
    await page.waitForTimeout(200);
    assert.equal(ran, undefined);
    const refused = complaints.filter((one) => one.includes("Content Security Policy"));
    assert.ok(refused.length >= 2, `the browser refuses both: ${complaints}`);
  }

  try {
    await plan();
    await run();
    await looks(planFile, "plan");
    await looks(runFile, "run");
    await policy();
    console.log("the pages are as they should be");
  } finally {
    await close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
