/**
 * Points in time as log lines show them, in the notation of Python's `time.strftime`.
 *
 * @module
 */

/** Writes a point in time, in local time. */
export type TimeFormat = (time: Date) => string;

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = ["January", "February", "March", "April", "May", "June", "July"]
  .concat("August", "September", "October", "November", "December");

function pad(number: number, width = 2, filler = "0"): string {
  return String(number).padStart(width, filler);
}

function dayOfYear(time: Date): number {
  const start = Date.UTC(time.getFullYear(), 0, 1);
  const today = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return (today - start) / 86_400_000 + 1;
}

function offset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${pad(hours)}${pad(rest)}`;
}

function zoneName(time: Date): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(time);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? offset(time);
}

function date(time: Date): string {
  return `${pad(time.getFullYear(), 4)}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
}

function clock(time: Date): string {
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}

const dayName = (time: Date) => days[time.getDay()] ?? "";
const monthName = (time: Date) => months[time.getMonth()] ?? "";
const year = (time: Date) => pad(time.getFullYear() % 100);

/** What each directive stands for, in the C locale. */
const directives: ReadonlyMap<string, TimeFormat> = new Map<string, TimeFormat>([
  ["a", (time) => dayName(time).slice(0, 3)],
  ["A", dayName],
  ["b", (time) => monthName(time).slice(0, 3)],
  ["h", (time) => monthName(time).slice(0, 3)],
  ["B", monthName],
  [
    "c",
    (time) =>
      `${dayName(time).slice(0, 3)} ${monthName(time).slice(0, 3)} ` +
      `${pad(time.getDate(), 2, " ")} ${clock(time)} ${time.getFullYear()}`,
  ],
  ["d", (time) => pad(time.getDate())],
  ["D", (time) => `${pad(time.getMonth() + 1)}/${pad(time.getDate())}/${year(time)}`],
  ["e", (time) => pad(time.getDate(), 2, " ")],
  ["F", date],
  ["H", (time) => pad(time.getHours())],
  ["I", (time) => pad(time.getHours() % 12 || 12)],
  ["j", (time) => pad(dayOfYear(time), 3)],
  ["m", (time) => pad(time.getMonth() + 1)],
  ["M", (time) => pad(time.getMinutes())],
  ["p", (time) => time.getHours() < 12 ? "AM" : "PM"],
  ["R", (time) => clock(time).slice(0, 5)],
  ["s", (time) => String(Math.floor(time.getTime() / 1000))],
  ["S", (time) => pad(time.getSeconds())],
  ["T", clock],
  ["u", (time) => String(time.getDay() || 7)],
  ["w", (time) => String(time.getDay())],
  ["x", (time) => `${pad(time.getMonth() + 1)}/${pad(time.getDate())}/${year(time)}`],
  ["X", clock],
  ["y", year],
  ["Y", (time) => pad(time.getFullYear(), 4)],
  ["z", offset],
  ["Z", zoneName],
  ["%", () => "%"],
]);

/** `2026-01-31 23:59:59,123`: what `%(asctime)s` shows when no `datefmt` is given. */
export function defaultTime(time: Date): string {
  return `${date(time)} ${clock(time)},${pad(time.getMilliseconds(), 3)}`;
}

/** `23:59:59`. */
export function clockTime(time: Date): string {
  return clock(time);
}

/**
 * Reads a `datefmt`.
 *
 * @returns the format, and the directives in it that are not known; those are shown as written
 */
export function parseTimeFormat(
  pattern: string,
): { readonly format: TimeFormat; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const parts = pattern.split(/(%-?[a-zA-Z%])/).map((part): TimeFormat => {
    if (!/^%-?[a-zA-Z%]$/.test(part)) return () => part;
    const directive = directives.get(part.slice(-1));
    if (directive === undefined) {
      unknown.push(part);
      return () => part;
    }
    if (part.length === 2) return directive;
    // %-d is %d without the padding, as the GNU C library has it.
    return (time) => directive(time).replace(/^[0 ]+(?=\d)/, "");
  });
  return { format: (time) => parts.map((part) => part(time)).join(""), unknown };
}
