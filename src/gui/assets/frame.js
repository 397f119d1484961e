/**
 * What every page does in the browser: the menu of narrow windows.
 *
 * @module
 */

const menu = document.getElementById("menu");
const navigation = document.getElementById("navigation");

menu?.addEventListener("click", () => {
  const isOpen = navigation?.classList.toggle("open") ?? false;
  menu.setAttribute("aria-expanded", String(isOpen));
});
