/**
 * Checks code while it is written, and runs it on sampled records.
 *
 * @module
 */

/** Milliseconds of rest before the code is looked at. */
const rest = 350;

async function post(path, form) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  });
  const isJson = answer.headers.get("content-type")?.includes("json");
  return isJson ? await answer.json() : { error: { message: await answer.text() } };
}

function showCheck(form, { language, languageName, findings }) {
  const place = form.querySelector("[data-check]");
  const lines = findings.map(({ line, severity, text }) => {
    const item = document.createElement("li");
    item.className = `finding ${severity}`;
    item.textContent = `Line ${line}: ${text}`;
    return item;
  });
  const list = document.createElement("ul");
  list.append(...lines);
  place.replaceChildren(lines.length === 0 ? `${languageName}, no errors` : list);
  form.elements.code.dispatchEvent(
    new CustomEvent("findings", { detail: { language, findings } }),
  );
}

function showProblem(form, { message, hint } = { message: "" }) {
  const place = form.querySelector("[data-problem]");
  place.className = message === "" ? "" : "notice bad";
  place.textContent = `${message} ${hint ?? ""}`.trim();
}

function showPaths(form, paths) {
  form.querySelector("#paths")?.replaceChildren(...paths.map((path) => new Option(path, path)));
}

function noAnswer(error) {
  return { message: `The agent did not answer. Is it still running? (${error.message})` };
}

/** Asks what the code is and does; an answer that somebody has overtaken by writing is dropped. */
async function look(form, state) {
  const own = ++state.request;
  try {
    const answer = await post("code/try", form);
    if (own !== state.request) return;
    showProblem(form, answer.error);
    if (answer.error) return;
    showCheck(form, answer);
    if (answer.results !== undefined) {
      form.querySelector("[data-results]").innerHTML = answer.results;
    }
  } catch (error) {
    showProblem(form, noAnswer(error));
  }
}

async function sample(form, state, button) {
  const results = form.querySelector("[data-results]");
  button.disabled = true;
  results.textContent = "Reading…";
  try {
    const answer = await post("code/sample", form);
    results.textContent = "";
    showProblem(form, answer.error);
    if (answer.error) return;
    showPaths(form, answer.paths);
    await look(form, state);
  } catch (error) {
    results.textContent = "";
    showProblem(form, noAnswer(error));
  } finally {
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-code]")) {
  const state = { request: 0, timer: undefined };
  form.addEventListener("input", () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => look(form, state), rest);
  });
  form.querySelector("[data-sample]")?.addEventListener("click", ({ target }) => {
    sample(form, state, target);
  });
  look(form, state);
}
