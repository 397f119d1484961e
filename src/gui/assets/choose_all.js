/**
 * A box that ticks all others of a name, for those who have scripts.
 *
 * @module
 */

for (const box of document.querySelectorAll("[data-all]")) {
  const name = box.dataset.all;
  box.hidden = false;
  box.addEventListener("change", () => {
    for (const other of document.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      other.checked = box.checked;
    }
  });
}
