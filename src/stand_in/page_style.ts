/**
 * The style of the stand-in's web page.
 *
 * @module
 */

/** CSS, light and dark by the setting of the system. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fbfbfa;
  --panel: #ffffff;
  --text: #1d2125;
  --quiet: #5a626a;
  --line: #dcdfe2;
  --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16191c;
    --panel: #1e2226;
    --text: #e6e8ea;
    --quiet: #a3abb3;
    --line: #353b41;
    --link: #7db8f5;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 3rem;
  max-width: 80rem;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2rem 0 0.5rem; font-size: 1.0625rem; }
p { margin: 0.25rem 0; }
header p, .facts, .note, .empty { color: var(--quiet); }
.facts { margin-top: 0.75rem; }
.note { font-size: 0.875rem; }
a { color: var(--link); }
code { font: 0.875em ui-monospace, monospace; overflow-wrap: anywhere; }
.counts {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
  gap: 0.5rem;
  margin: 1.25rem 0 0;
}
.counts div {
  padding: 0.625rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 0.375rem;
  background: var(--panel);
}
.counts dt { color: var(--quiet); font-size: 0.875rem; }
.counts dd { margin: 0; font-size: 1.375rem; font-variant-numeric: tabular-nums; }
.scroll {
  overflow-x: auto;
  border: 1px solid var(--line);
  border-radius: 0.375rem;
  background: var(--panel);
}
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
th, td {
  padding: 0.375rem 0.75rem;
  text-align: start;
  vertical-align: top;
  white-space: nowrap;
}
th { color: var(--quiet); font-weight: 600; }
td { border-top: 1px solid var(--line); font-variant-numeric: tabular-nums; }
.number { text-align: end; }
`;
