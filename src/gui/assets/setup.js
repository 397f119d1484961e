/**
 * The mapping of the setup, live: the values of the record that is shown, and what Oomnitza would get
 * for it whenever a field changes.
 *
 * @module
 */

const form = document.querySelector("form[data-values]");

/** How long typing has to rest before the values are asked for, in milliseconds. */
const restMs = 300;

let at = 0;
let timer;
let asked = 0;

/** Shows what came, unless something newer was asked for meanwhile. */
async function refresh() {
  const number = ++asked;
  const body = new URLSearchParams(new FormData(form));
  body.set("record", String(at));
  const place = form.querySelector("[data-outcome]");
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.values, { method: "POST", body });
    const text = await answer.text();
    if (number === asked && answer.ok && text !== "") place.innerHTML = text;
  } catch {
    place.textContent = "The agent did not answer. Is it still running?";
  } finally {
    if (number === asked) place.removeAttribute("aria-busy");
  }
}

function turn(step) {
  const count = Number(form.dataset.count);
  at = (at + step + count) % count;
  form.querySelector("[data-turned]").textContent = `Record ${at + 1} of ${count}`;
  for (const cell of form.querySelectorAll("[data-record-values]")) {
    cell.firstElementChild.textContent = JSON.parse(cell.dataset.recordValues)[at] ?? "";
  }
  refresh();
}

if (form) {
  for (const button of form.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => turn(Number(button.dataset.turn)));
  }
  form.addEventListener("input", ({ target }) => {
    if (target.dataset.filter !== undefined) return;
    // What was wrong with the mapping before is not so any more, or is said again.
    form.querySelector("[data-summary]").hidden = true;
    clearTimeout(timer);
    timer = setTimeout(refresh, restMs);
  });
  refresh();
}
