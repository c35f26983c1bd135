"use strict";
// Shows the operations that are like what somebody asks for. Everything is on the page already, and readable without this.
(() => {
  const form = document.querySelector(".filter");
  if (!form) return;
  const plain = (text) => text.toLowerCase().replace(/\s+/g, " ");
  const operations = (count) => (count === 1 ? "1 operation" : `${count.toLocaleString("en")} operations`);
  const chips = [...form.querySelectorAll(".chip")];
  const input = form.querySelector("input");
  const shown = form.querySelector(".shown");
  const nothing = document.querySelector(".nothing");
  const unfiltered = shown.textContent;
  const steps = [...document.querySelectorAll(".step")].map((element) => ({
    element,
    wasOpen: element.open,
    name: plain([...element.querySelectorAll(":scope > summary :is(.id, .does)")].map((one) => one.textContent).join(" ")),
    said: element.querySelector(":scope > summary .said"),
    counts: element.querySelector(":scope > summary .said").textContent,
    // Of one that has no operations.
    outcome: element.dataset.outcome,
    operations: [...element.querySelectorAll(".operation")].map((one) => ({ element: one, text: null })),
  }));
  let isFiltered = false;

  // Of a step that is named all operations are meant.
  const holds = (operation, phrase, step) => {
    if (step.name.includes(phrase)) return true;
    operation.text ??= plain(operation.element.textContent);
    return operation.text.includes(phrase);
  };

  const filter = () => {
    const outcomes = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.outcome));
    const isMeant = (outcome) => outcomes.size === 0 || outcomes.has(outcome);
    const phrase = plain(input.value).trim();
    const asks = outcomes.size > 0 || phrase !== "";
    let found = 0;
    let count = 0;
    let seen = 0;
    for (const step of steps) {
      if (!isFiltered && asks) step.wasOpen = step.element.open;
      let here = 0;
      for (const operation of step.operations) {
        const fits = isMeant(operation.element.dataset.outcome) && holds(operation, phrase, step);
        operation.element.hidden = !fits;
        here += fits ? 1 : 0;
      }
      count += step.operations.length;
      found += here;
      const all = step.operations.length;
      const isFound = here > 0 || (all === 0 && step.name.includes(phrase) && isMeant(step.outcome));
      if (isFound) seen += 1;
      step.element.hidden = asks && !isFound;
      step.said.textContent = asks && all > 0 ? `${here.toLocaleString("en")} of ${operations(all)}` : step.counts;
      if (asks) step.element.open = isFound;
      else if (isFiltered) step.element.open = step.wasOpen;
    }
    isFiltered = asks;
    nothing.hidden = !asks || seen > 0;
    shown.textContent = asks ? `${found.toLocaleString("en")} of ${operations(count)} on this page` : unfiltered;
  };

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      filter();
    });
  }
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    input.value = "";
    for (const chip of chips) chip.ariaPressed = "false";
    filter();
  });

  // A link to a step opens it; on paper everything that is shown is open.
  const reach = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const step = id && document.getElementById(id);
    if (step instanceof HTMLDetailsElement) step.open = true;
  };
  addEventListener("hashchange", reach);
  reach();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((one) => !one.hidden);
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
})();
