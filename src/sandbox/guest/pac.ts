/**
 * The functions that a PAC file may call, after Mozilla's "Proxy Auto-Configuration (PAC) file", written
 * anew from what its text and examples say. Where browsers differ from the text, as for the end of
 * `timeRange(9, 17)`, the text counts.
 *
 * @module
 */

/**
 * A function expression `(lookup, say, now, own) => void` that defines them as globals. `lookup(name)` gives
 * an IPv4 address or null, `say(text)` takes what `alert` is given, `now` is in milliseconds, and `own` is
 * the address of this machine.
 */
export const pacText = String.raw`(function (lookup, say, now, own) {
  "use strict";
  const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
  const months =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

  function address(text) {
    const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
    if (parts === null) return null;
    const bytes = parts.slice(1).map(Number);
    if (bytes.some((byte) => byte > 255)) return null;
    return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  }
  function resolve(host) {
    const name = String(host);
    return address(name) === null ? lookup(name) : name;
  }

  /** Takes a "GMT" off the end of the arguments, and gives the time as they mean it. */
  function clock(args) {
    const given = args.filter((arg) => arg !== undefined);
    const gmt = /^GMT$/i.test(String(given[given.length - 1]));
    const date = new Date(now);
    const read = (name) => date[(gmt ? "getUTC" : "get") + name]();
    return { read, given: gmt ? given.slice(0, -1) : given };
  }
  /** Compares lists of numbers, the first ones first. */
  function compare(left, right) {
    for (let index = 0; index < left.length; index++) {
      if (left[index] !== right[index]) return left[index] - right[index];
    }
    return 0;
  }
  /** A range that ends before it begins goes over the end of the week, the month, the day or the year. */
  function isBetween(value, from, to, wraps) {
    const begun = compare(value, from) >= 0;
    const over = compare(value, to) > 0;
    return wraps && compare(from, to) > 0 ? begun || !over : begun && !over;
  }
  function indexOf(names, name) {
    return names.indexOf(String(name).toUpperCase());
  }

  function weekdayRange(...args) {
    const { read, given } = clock(args);
    const [from, to = from] = given.map((day) => indexOf(weekdays, day));
    if (given.length === 0 || from < 0 || to < 0) return false;
    return isBetween([read("Day")], [from], [to], true);
  }

  /** Of an argument of dateRange: which part of a date it is, and its number. */
  function datePart(arg) {
    const month = indexOf(months, arg);
    if (month >= 0) return ["Month", month];
    const number = Number(arg);
    return [number > 31 ? "FullYear" : "Date", number];
  }
  function dateRange(...args) {
    const { read, given } = clock(args);
    const parts = given.map(datePart);
    const half = parts.length / 2;
    const kinds = parts.map(([kind]) => kind);
    const isRange = Number.isInteger(half) && half > 0 &&
      kinds.slice(0, half).join() === kinds.slice(half).join();
    const from = isRange ? parts.slice(0, half) : parts;
    const to = isRange ? parts.slice(half) : parts;
    const named = ["FullYear", "Month", "Date"].filter((kind) => from.some(([one]) => one === kind));
    if (from.length === 0 || named.length !== from.length) return false;
    if (parts.some(([, number]) => Number.isNaN(number))) return false;
    const order = (date) => named.map((kind) => date.find(([one]) => one === kind)[1]);
    return isBetween(named.map(read), order(from), order(to), named[0] !== "FullYear");
  }

  function timeRange(...args) {
    const { read, given } = clock(args);
    const numbers = given.map(Number);
    if (numbers.some((number) => Number.isNaN(number))) return false;
    const time = [read("Hours"), read("Minutes"), read("Seconds")];
    if (numbers.length === 1) return time[0] === numbers[0];
    const half = numbers.length / 2;
    if (half !== 1 && half !== 2 && half !== 3) return false;
    const fill = (part) => [...part, 0, 0].slice(0, 3);
    return isBetween(time, fill(numbers.slice(0, half)), fill(numbers.slice(half)), true);
  }

  /** Walks both texts once, and goes back to the last asterisk only: no pattern takes long. */
  function shExpMatch(text, pattern) {
    const given = String(text);
    const wanted = String(pattern);
    let at = 0, want = 0, star = -1, mark = 0;
    while (at < given.length) {
      if (wanted[want] === "*") {
        star = want++;
        mark = at;
      } else if (wanted[want] === "?" || wanted[want] === given[at]) {
        want++;
        at++;
      } else if (star >= 0) {
        want = star + 1;
        at = ++mark;
      } else return false;
    }
    while (wanted[want] === "*") want++;
    return want === wanted.length;
  }

  function isInNet(host, pattern, mask) {
    const [own, wanted, bits] = [resolve(host), pattern, mask].map(address);
    if (own === null || wanted === null || bits === null) return false;
    return (own & bits) === (wanted & bits);
  }

  Object.assign(globalThis, {
    isPlainHostName: (host) => !String(host).includes("."),
    dnsDomainIs: (host, domain) =>
      String(host).toLowerCase().endsWith(String(domain).toLowerCase()),
    localHostOrDomainIs(host, name) {
      const [given, whole] = [String(host).toLowerCase(), String(name).toLowerCase()];
      return given === whole || !given.includes(".") && whole.startsWith(given + ".");
    },
    isResolvable: (host) => resolve(host) !== null,
    isInNet,
    dnsResolve: resolve,
    convert_addr: (text) => (address(text) ?? 0) | 0,
    myIpAddress: () => own,
    dnsDomainLevels: (host) => String(host).split(".").length - 1,
    shExpMatch,
    weekdayRange,
    dateRange,
    timeRange,
    alert: (text) => say(String(text)),
  });
})`;
