/**
 * A field that filters what a page lists: only what holds all of its words stays.
 *
 * @module
 */

const field = document.querySelector("[data-filter]");

function filter() {
  const words = field.value.toLowerCase().split(/\s+/);
  for (const row of document.querySelectorAll(field.dataset.filter)) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}

if (field) {
  field.addEventListener("input", filter);
  // What changes by itself comes without the filter.
  document.addEventListener("live", filter);
  // What was typed before this script ran, or kept by the browser over a reload, counts too.
  filter();
}
