/**
 * Lists of any length, with a search, of which only what can be seen is in the page.
 *
 * @module
 */

/** Rows above and below the window that are there already. */
const margin = 4;
/** Height of a row: two lines of text. */
const rowRem = 3.25;

/** Where the keys lead from a row, in a list of so many and a window of so many rows. */
const steps = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at, _count, page) => at + page,
  PageUp: (at, _count, page) => at - page,
  Home: () => 0,
  End: (_at, count) => count - 1,
};

/**
 * A list box in an element that scrolls. `draw(item, row)` fills the element of a row, `choose(item)` is
 * called when a row was chosen by pointer or arrow, `act(item)` for Enter and a double click, and
 * `moved()` when other rows are seen.
 */
class ListBox {
  #box;
  #look;
  #rowPx = rowRem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  #space = document.createElement("div");
  #items = [];
  #chosen;
  /** The rows in the page, by the index of their item. */
  #rows = new Map();
  #isWaiting = false;

  constructor(box, look) {
    this.#box = box;
    this.#look = look;
    this.#space.className = "space";
    this.#space.setAttribute("role", "presentation");
    box.append(this.#space);
    box.addEventListener("scroll", () => this.#showSoon());
    box.addEventListener("keydown", (event) => this.#press(event));
    box.addEventListener("click", ({ target }) => this.#select(indexAt(target)));
    box.addEventListener("dblclick", ({ target }) => {
      const item = this.#items[indexAt(target)];
      if (item !== undefined) look.act(item);
    });
    new ResizeObserver(() => this.#showSoon()).observe(box);
  }

  /** Replaces the items; what was chosen stays chosen. */
  setItems(fresh, { keepPlace = false } = {}) {
    this.#items = fresh;
    for (const row of this.#rows.values()) row.remove();
    this.#rows = new Map();
    this.#space.style.height = `${fresh.length * this.#rowPx}px`;
    this.#box.removeAttribute("aria-activedescendant");
    if (!keepPlace) this.#box.scrollTop = 0;
    this.#show();
  }

  /** Draws the rows in the page again. */
  redraw() {
    for (const [index, row] of this.#rows) this.#look.draw(this.#items[index], row);
  }

  /** Chooses the item of a key; false when it is not listed. */
  choose(key) {
    const index = this.#indexOf(key);
    this.#select(index);
    return index >= 0;
  }

  /** The items in the page. */
  visible() {
    return [...this.#rows.keys()].map((index) => this.#items[index]);
  }

  /** The key of the item that is chosen. */
  chosen() {
    return this.#chosen;
  }

  #indexOf(key) {
    return this.#items.findIndex((item) => this.#look.keyOf(item) === key);
  }

  #press(event) {
    const at = this.#indexOf(this.#chosen);
    if (event.key === "Enter" && at >= 0) return this.#look.act(this.#items[at]);
    const step = steps[event.key];
    if (step === undefined || this.#items.length === 0) return;
    event.preventDefault();
    const page = Math.max(1, Math.floor(this.#box.clientHeight / this.#rowPx) - 1);
    const to = step(at, this.#items.length, page);
    this.#select(Math.min(this.#items.length - 1, Math.max(0, to)));
  }

  #select(index) {
    const item = this.#items[index];
    if (item === undefined) return;
    this.#chosen = this.#look.keyOf(item);
    this.#reveal(index);
    // What is in the rows stays: a double click is none when its target goes after the first one.
    for (const [at, row] of this.#rows) this.#mark(row, this.#items[at]);
    this.#look.choose(item);
  }

  #reveal(index) {
    const top = index * this.#rowPx;
    if (top < this.#box.scrollTop) this.#box.scrollTop = top;
    const bottom = top + this.#rowPx - this.#box.clientHeight;
    if (bottom > this.#box.scrollTop) this.#box.scrollTop = bottom;
    this.#show();
  }

  #showSoon() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => this.#show());
  }

  /** Puts the rows of the window into the page, and takes out the others. */
  #show() {
    this.#isWaiting = false;
    const { scrollTop, clientHeight } = this.#box;
    const first = Math.max(0, Math.floor(scrollTop / this.#rowPx) - margin);
    const count = Math.ceil(clientHeight / this.#rowPx) + 2 * margin;
    const last = Math.min(this.#items.length, first + count);
    const next = new Map();
    for (let index = first; index < last; index++) {
      next.set(index, this.#rows.get(index) ?? this.#makeRow(index));
    }
    for (const [index, row] of this.#rows) if (!next.has(index)) row.remove();
    for (const [index, row] of next) if (!this.#rows.has(index)) this.#space.append(row);
    this.#rows = next;
    this.#look.moved();
  }

  #makeRow(index) {
    const row = document.createElement("div");
    row.className = "item";
    row.id = `${this.#box.id}-${index}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-setsize", this.#items.length);
    row.setAttribute("aria-posinset", index + 1);
    row.style.top = `${index * this.#rowPx}px`;
    row.style.height = `${this.#rowPx}px`;
    row.dataset.index = index;
    this.#mark(row, this.#items[index]);
    this.#look.draw(this.#items[index], row);
    return row;
  }

  #mark(row, item) {
    const isChosen = this.#look.keyOf(item) === this.#chosen;
    row.setAttribute("aria-selected", isChosen);
    if (isChosen) this.#box.setAttribute("aria-activedescendant", row.id);
  }
}

/** The index of the row that an element is in; -1 when it is in none. */
function indexAt(target) {
  return Number(target.closest("[data-index]")?.dataset.index ?? -1);
}

/**
 * Fills a pane: its search, what it is narrowed to, and its list. `all()` gives the items, `searched(item)`
 * the text of one in lower case, `isListed(item, kind)` whether it is of what was chosen to be listed, and
 * `seen()` is called when other rows are seen; the rest is that of the list.
 */
export function createPane(pane, { all, searched, isListed, seen, ...look }) {
  const search = pane.querySelector("[data-search]");
  const shown = pane.querySelector("[data-shown]");
  const listed = pane.querySelector("[data-listed]");
  const box = pane.querySelector("[data-list]");
  const list = new ListBox(box, { ...look, moved: seen });
  let after = () => {};
  function apply(keepPlace = false) {
    const words = search.value.toLowerCase().split(/\s+/);
    const found = all().filter((item) =>
      isListed(item, shown.value) && words.every((word) => searched(item).includes(word))
    );
    list.setItems(found, { keepPlace });
    const total = all().length;
    const some = found.length === total ? "" : `${found.length} of `;
    listed.textContent = `${some}${total} ${pane.dataset.pane}`;
    after();
  }
  search.addEventListener("input", () => apply());
  shown.addEventListener("change", () => apply());
  return {
    apply,
    list,
    search: () => search.value.trim(),
    /** Where actions are shown below the list. */
    place: pane.querySelector("[data-more]"),
    /** Is called when the list has changed. */
    onApply: (call) => after = call,
    /** Chooses an item, also when it is not listed now. */
    open(key) {
      if (list.choose(key)) return;
      search.value = "";
      shown.value = "All";
      apply();
      list.choose(key);
    },
  };
}
