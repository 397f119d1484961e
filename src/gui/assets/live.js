/**
 * A part of a page that changes by itself: it is asked for again and again, and when it says that
 * there is nothing more to come, the page is loaded anew.
 *
 * @module
 */

const part = document.querySelector("[data-live]");
const silence = document.querySelector("[data-silence]");
const everyMs = Number(part.dataset.every ?? 700);

let shown = "";

/** Shows what came. A part that changes seldom waits while the keyboard is in it, which would lose its place. */
function put(text) {
  if (shown === text) return;
  if (part.dataset.every && part.contains(document.activeElement)) return;
  shown = text;
  part.innerHTML = text;
  document.dispatchEvent(new Event("live"));
}

async function refresh() {
  try {
    const answer = await fetch(part.dataset.live);
    if (answer.headers.has("x-ended")) {
      location.reload();
      return;
    }
    if (answer.ok) put(await answer.text());
    if (silence) silence.hidden = true;
  } catch {
    if (silence) {
      silence.textContent = "The agent does not answer any more. Was it stopped?";
      silence.hidden = false;
    }
  }
  setTimeout(refresh, everyMs);
}

setTimeout(refresh, everyMs);
