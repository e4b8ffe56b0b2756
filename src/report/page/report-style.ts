/** The style of a report: light or dark as the reader's system, readable on a phone, and black on white in print. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --text: #1c2127; --muted: #57606a; --ground: #ffffff; --panel: #f5f7f9; --line: #d8dee4; --accent: #0550ae; --warn: #7d4e00; --warn-ground: #fff8e6; --open: #8c2f00; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --muted: #9da7b1; --ground: #0f1318; --panel: #181e25; --line: #343c46; --accent: #7ab8ff; --warn: #f2cc60; --warn-ground: #2b2410; --open: #ffb38a; } }
* { box-sizing: border-box; }
html { scroll-behavior: auto; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .5rem 1rem; z-index: 1; }
.page { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; column-gap: 3rem; }
header { padding: 2rem 0 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .5rem; text-wrap: balance; overflow-wrap: anywhere; }
.run { color: var(--muted); font-size: .9rem; margin: 0; overflow-wrap: anywhere; }
.caution { background: var(--warn-ground); border-left: 4px solid var(--warn); padding: .6rem 1rem; margin: 1rem 0 0; }
nav { padding: 1.25rem 0; font-size: .9rem; } nav h2 { font-size: .9rem; margin: 0 0 .5rem; color: var(--muted); }
nav ul { list-style: none; margin: 0; padding: 0; columns: 2; } nav li { padding: .15rem 0; break-inside: avoid; }
nav a { color: inherit; text-decoration: none; } nav a:hover { color: var(--accent); text-decoration: underline; }
@media (min-width: 64rem) {
  .page { grid-template-columns: 12rem minmax(0, 54rem); grid-template-rows: auto 1fr auto; }
  header, footer { grid-column: 1 / 3; } nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding-top: 2rem; } nav ul { columns: 1; }
}
section { padding: 1rem 0 .5rem; }
h2 { font-size: 1.4rem; line-height: 1.3; margin: 1rem 0 .6rem; } h3 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
p, ul, ol { margin: .6rem 0; } p, li { max-width: 46rem; overflow-wrap: break-word; }
ul { padding-left: 1.2rem; } li { margin: .25rem 0; }
a { color: var(--accent); } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
:target { outline: 2px solid var(--accent); outline-offset: 6px; border-radius: 2px; } section:target { outline: none; } section:target > h2 { text-decoration: underline; text-decoration-color: var(--accent); text-underline-offset: .25em; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .85em; } p code, li code, td code, th code { overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .9rem; margin: .4rem 0 1rem; overflow-x: auto; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; } .as-text pre { white-space: pre; } .does { margin-bottom: 0; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0 .5rem; } caption.folded { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--line); color: var(--muted); font-weight: 600; vertical-align: bottom; } tbody th { font-weight: 500; }
th.number, td.number { text-align: right; padding-left: .9rem; padding-right: .3rem; } td.number { white-space: nowrap; } .number + :not(.number) { padding-left: 1rem; } td.long { min-width: 15rem; }
table.wide { font-size: .82rem; } table.wide :is(th, td) { padding-right: .35rem; } table.wide .number { padding-left: .35rem; } table.wide small { font-size: .72rem; }
small { display: block; color: var(--muted); font-size: .8rem; white-space: nowrap; } .note { color: var(--muted); font-size: .88rem; margin-top: 0; overflow-wrap: anywhere; }
figure { margin: 1.2rem 0; } .drawing svg { display: block; min-width: 30rem; } .as-text { font-size: .85rem; color: var(--muted); }
details { margin: .6rem 0; } summary { cursor: pointer; padding: .2rem 0; } details > summary { color: var(--accent); } .as-text > summary { color: var(--muted); }
.checklist { padding-left: 2rem; } .checklist li { margin: 0 0 1rem; padding-left: .4rem; } .checklist p { margin: .15rem 0; }
.asks, .add { color: var(--muted); } .todo { color: var(--open); font-style: italic; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding: 1rem 0 2rem; color: var(--muted); font-size: .85rem; }
@media (max-width: 40rem) { h1 { font-size: 1.4rem; } .page { padding: 0 1rem; } nav ul { columns: 2; } th, td { padding-right: .6rem; } th.number, td.number { padding-left: .5rem; } table { font-size: .85rem; } }
@page { margin: 18mm 16mm; }
@media print {
  :root { color-scheme: light; --text: #000000; --muted: #3c444d; --ground: #ffffff; --panel: #ffffff; --line: #b8bfc7; --accent: #000000; --warn: #000000; --warn-ground: #ffffff; --open: #000000; }
  body { font-size: 10pt; line-height: 1.45; } .page { display: block; max-width: none; padding: 0; } nav, .skip, .as-text, summary { display: none; } header { padding-top: 0; }
  caption.folded { position: static; width: auto; height: auto; clip-path: none; }
  .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; overflow-wrap: anywhere; margin-right: 1px; } p, li { max-width: none; }
  h2, h3, caption, .does { break-after: avoid; } tr, figure, .checklist li, pre { break-inside: avoid; } thead { display: table-header-group; }
  table, .note { font-size: 8.5pt; } table.wide { font-size: 7.5pt; } small { font-size: 7.5pt; } table.wide small { font-size: 6.5pt; } td.long { min-width: 0; } th, td { padding: .2rem .5rem .2rem 0; } td, tbody th { overflow-wrap: break-word; } td.long { overflow-wrap: anywhere; } .drawing svg { min-width: 0; max-width: 15cm !important; }
  section#checklist, section#repeat { break-before: page; } :target { outline: none; }
}
`;
