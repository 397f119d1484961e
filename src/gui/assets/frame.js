/**
 * What every page does in the browser: the menu of narrow windows, and moments relative to now.
 *
 * @module
 */

const menu = document.getElementById("menu");
const navigation = document.getElementById("navigation");

menu?.addEventListener("click", () => {
  const isOpen = navigation?.classList.toggle("open") ?? false;
  menu.setAttribute("aria-expanded", String(isOpen));
});

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const steps = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

function describe(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return relative.format(Math.round(seconds / size), unit);
}

/** The exact moment, in the time zone of this browser, is what the pointer shows. */
function showTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = `${moment.toLocaleString()} (${time.dateTime})`;
    time.textContent = describe(moment);
  }
}

showTimes();
document.addEventListener("live", showTimes);
setInterval(showTimes, 30_000);
