"use strict";
// Shows the operations that are like what somebody asks for. Everything is on the page already, and readable without this.
(() => {
  const form = document.querySelector(".filter");
  if (!form) return;
  const chips = [...form.querySelectorAll(".chip")];
  const input = form.querySelector("input");
  const shown = form.querySelector(".shown");
  const nothing = document.querySelector(".nothing");
  const all = shown.textContent;
  const steps = [...document.querySelectorAll(".step")].map((element) => ({
    element,
    wasOpen: element.open,
    operations: [...element.querySelectorAll(".operation")].map((one) => ({ element: one, text: null })),
  }));
  let isFiltered = false;

  const holds = (operation, words) => {
    operation.text ??= operation.element.textContent.toLowerCase();
    return words.every((word) => operation.text.includes(word));
  };

  const filter = () => {
    const outcomes = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.outcome));
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asks = outcomes.size > 0 || words.length > 0;
    let found = 0;
    let count = 0;
    for (const step of steps) {
      if (!isFiltered && asks) step.wasOpen = step.element.open;
      let here = 0;
      for (const operation of step.operations) {
        const fits = (outcomes.size === 0 || outcomes.has(operation.element.dataset.outcome)) && holds(operation, words);
        operation.element.hidden = !fits;
        here += fits ? 1 : 0;
      }
      count += step.operations.length;
      found += here;
      step.element.hidden = asks && here === 0;
      if (asks) step.element.open = here > 0;
      else if (isFiltered) step.element.open = step.wasOpen;
    }
    isFiltered = asks;
    nothing.hidden = !asks || found > 0;
    shown.textContent = asks ? `${found.toLocaleString("en")} of ${count.toLocaleString("en")} operations on this page` : all;
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
