/**
 * Forms that change the configuration: what is wrong appears at its field, the difference in a
 * dialog, and only then it is saved.
 *
 * @module
 */

const review = document.getElementById("review");

/** Shows a text in the live region of a form. */
function say(form, kind, text) {
  const place = form.querySelector("[data-summary]");
  place.className = `notice ${kind}`;
  place.textContent = text;
  place.hidden = text === "";
}

/** Takes away what an earlier answer has shown. */
function clear(form) {
  say(form, "", "");
  for (const place of form.querySelectorAll(".finding")) {
    place.textContent = "";
    place.hidden = true;
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
  }
}

/** Shows findings at their fields; gives the texts of those that have none. */
function place(form, findings) {
  const others = [];
  let first;
  for (const { severity, field, text } of findings) {
    const row = field === undefined
      ? null
      : form.querySelector(`[data-field="${CSS.escape(field)}"]`);
    if (row === null) {
      others.push(field === undefined ? text : `${field} ${text}`);
      continue;
    }
    const note = row.querySelector(".finding");
    note.textContent = text;
    note.className = `finding ${severity}`;
    note.hidden = false;
    const control = row.querySelector("input, select, textarea");
    if (severity === "error") control?.setAttribute("aria-invalid", "true");
    const fold = row.closest("details");
    if (fold) fold.open = true;
    if (severity === "error") first ??= control;
  }
  first?.focus();
  return others;
}

async function send(form, action, extra) {
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(extra)) body.set(name, value);
  const answer = await fetch(action, {
    method: "POST",
    headers: { accept: "application/json" },
    body,
  });
  const isJson = answer.headers.get("content-type")?.includes("json");
  if (isJson) return await answer.json();
  return { error: { message: await answer.text(), hint: "" } };
}

/** Sends a form that is busy meanwhile: while somebody reads the difference, it is not. */
async function sendBusy(form, action, extra) {
  form.setAttribute("aria-busy", "true");
  try {
    return await send(form, action, extra);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** Shows the difference; resolves with whether to save it. */
function confirmed({ difference, findings }) {
  review.querySelector("[data-difference]").innerHTML = difference;
  const warnings = review.querySelector("[data-warnings]");
  warnings.textContent = findings.map(({ text }) => text).join(" ");
  warnings.hidden = findings.length === 0;
  return new Promise((resolve) => {
    review.addEventListener("close", () => resolve(review.returnValue === "save"), { once: true });
    review.returnValue = "";
    review.showModal();
    review.querySelector("button[value=save]").focus();
  });
}

async function show(form, action, answer) {
  // A page that keeps more than the form has takes its own part of the answer.
  form.dispatchEvent(new CustomEvent("answered", { detail: answer }));
  if (answer.error) {
    return say(form, "bad", `${answer.error.message} ${answer.error.hint ?? ""}`);
  }
  const others = place(form, answer.findings ?? []);
  if (answer.outcome === "unchanged") return say(form, "", "Nothing was changed.");
  if (answer.outcome === "tested") {
    return say(form, answer.ok ? "good" : "bad", [answer.message, ...others].join(" "));
  }
  if (answer.outcome === "refused" || answer.outcome === "stale") {
    const start = answer.outcome === "refused" ? "This cannot be saved." : "";
    return say(form, "bad", [start, ...others].join(" ").trim());
  }
  if (answer.outcome === "saved") {
    sessionStorage.setItem("saved", "yes");
    return location.assign(new URL(answer.next, document.baseURI));
  }
  if (answer.outcome === "review" && await confirmed(answer)) {
    await show(form, action, await sendBusy(form, action, { confirmed: "yes" }));
  }
}

for (const form of document.querySelectorAll("form[data-change]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    const action = button?.hasAttribute("formaction") ? button.formAction : form.action;
    clear(form);
    if (button) button.disabled = true;
    try {
      await show(form, action, await sendBusy(form, action, {}));
    } catch (error) {
      say(form, "bad", `The agent did not answer. Is it still running? (${error.message})`);
    } finally {
      if (button) button.disabled = false;
    }
  });
}

const first = document.querySelector("form[data-change]");
if (first && sessionStorage.getItem("saved") === "yes") {
  sessionStorage.removeItem("saved");
  say(first, "good", "Saved.");
}
