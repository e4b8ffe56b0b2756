/** The page's style sheet: light and dark, from 320 pixels on. */
export const PAGE_STYLE = `:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --panel: #fff; --line: #d9dde3; --text: #1a1f27; --faint: #5a6472;
  --accent: #0b63ce; --on-accent: #fff; --track: #e7eaef; --error: #b3261e;
  --for: 11, 99, 206; --against: 196, 92, 0; --precision: #0b63ce; --recall: #a4470b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12151a; --panel: #1b2027; --line: #353c47; --text: #e8ebf0; --faint: #a2acba;
    --accent: #7ab4ff; --on-accent: #0d1520; --track: #2b323c; --error: #ff9b92;
    --for: 88, 150, 240; --against: 226, 130, 44; --precision: #7ab4ff; --recall: #f0a35e;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.25rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .25rem 1.5rem; margin-bottom: 1rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .6rem; font-size: .95rem; font-weight: 600; color: var(--faint); }
p { margin: .5rem 0; }
.faint, .status { color: var(--faint); font-size: .875rem; }
.status.ready::before { content: ""; display: inline-block; width: .55rem; height: .55rem; margin-right: .45rem; border-radius: 50%; background: #2e9e5b; }
.error { color: var(--error); }
main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.15rem; min-width: 0; }
.heading { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; }
.heading h2 { margin: 0; }
textarea { display: block; width: 100%; min-height: 11rem; margin-top: .5rem; padding: .7rem .8rem; resize: vertical; font: inherit;
  color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
.label { margin: 0 0 .5rem; font-size: 1.9rem; font-weight: 700; line-height: 1.2; overflow-wrap: anywhere; }
.bars { list-style: none; margin: 0; padding: 0; }
.bar { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .75rem; margin: .6rem 0; color: var(--faint); }
.bar.chosen { color: var(--text); font-weight: 600; }
.bar .name { overflow-wrap: anywhere; }
.bar .value, .number, dd, output, .strongest .value { font-variant-numeric: tabular-nums; }
.track { grid-column: 1 / -1; height: .55rem; border-radius: .3rem; background: var(--track); overflow: hidden; }
.fill { display: block; height: 100%; border-radius: .3rem; background: var(--faint); transition: width .15s; }
.chosen .fill { background: var(--accent); }
.words { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.75; max-height: 24rem; overflow: auto; margin: .5rem 0; }
mark { color: inherit; border-radius: .2rem; padding: .05em .1em; background: rgba(var(--for), calc(var(--strength, 1) * .45)); }
mark.against { background: rgba(var(--against), calc(var(--strength, 1) * .45)); text-decoration: underline dashed 1px; text-underline-offset: .2em; }
.legend { font-size: .8rem; color: var(--faint); margin: 0; }
.key::before { content: ""; display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; border-radius: .2rem; vertical-align: -.08rem; background: rgba(var(--for), .45); }
.key.against::before { background: rgba(var(--against), .45); }
.key.against { margin-left: .9rem; }
.strongest { list-style: none; margin: .25rem 0 .75rem; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem .5rem; }
.strongest li { display: flex; gap: .5rem; max-width: 100%; padding: .15rem .6rem; border: 1px solid var(--line); border-left: .25rem solid rgb(var(--for)); border-radius: .4rem; font-size: .875rem; }
.strongest li.against { border-left-color: rgb(var(--against)); border-left-style: dashed; }
.strongest .word { overflow-wrap: anywhere; }
.strongest .value { white-space: nowrap; color: var(--faint); }
details { font-size: .875rem; color: var(--faint); }
summary { cursor: pointer; width: fit-content; }
.slider { display: flex; justify-content: space-between; font-weight: 600; }
input[type="range"] { width: 100%; margin: .4rem 0; accent-color: var(--accent); }
.measures { display: flex; gap: 2rem; margin: .25rem 0 .5rem; }
.measures dt { font-size: .875rem; color: var(--faint); }
.measures dt::before { content: ""; display: inline-block; width: .9rem; height: .2rem; margin-right: .4rem; vertical-align: .2rem; background: var(--precision); }
.measures .recall dt::before { background: var(--recall); }
.measures dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
.curves svg { display: block; width: 100%; height: auto; max-height: 8rem; }
.axis { display: flex; justify-content: space-between; margin: 0 0 .5rem; font-size: .75rem; color: var(--faint); }
.curves path { fill: none; stroke-width: 1.75; }
.curves .frame { stroke: var(--line); }
.curves .precision { stroke: var(--precision); }
.curves .recall { stroke: var(--recall); }
.curves .chosen { stroke: var(--text); stroke-dasharray: 3 3; stroke-width: 1; }
button, .button { display: inline-block; font: inherit; font-weight: 600; padding: .4rem .9rem; border-radius: .5rem; border: 1px solid var(--accent);
  background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.quiet { background: none; color: var(--accent); border-color: transparent; padding: .15rem .5rem; font-size: .875rem; }
button:disabled { opacity: .5; cursor: default; }
button.link { all: unset; cursor: pointer; display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
button.link:hover { text-decoration: underline; }
:focus-visible, button.link:focus-visible, .visually-hidden:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.drop { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem .9rem; padding: .9rem; border: 1.5px dashed var(--line); border-radius: .6rem; }
.drop:has(input:focus-visible) .button { outline: 2px solid var(--accent); outline-offset: 2px; }
.drop:has(input:disabled) .button { opacity: .5; }
.dragging .drop { border-color: var(--accent); background: rgba(var(--for), .1); }
.drop .faint { flex: 1 1 16rem; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.files .heading { margin: .25rem 0 .75rem; }
.scroll { overflow: auto; max-height: 28rem; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; min-width: 34rem; table-layout: fixed; font-size: .9rem; }
th, td { text-align: left; padding: .45rem .7rem; border-bottom: 1px solid var(--line); overflow: hidden; text-overflow: ellipsis; }
th { position: sticky; top: 0; background: var(--panel); font-weight: 600; color: var(--faint); font-size: .8rem; }
th:nth-child(1) { width: 7rem; } th:nth-child(2) { width: 9rem; } th:nth-child(3) { width: 8rem; }
.number { text-align: right; }
th:nth-child(3) { text-align: right; }
tbody tr:last-child td { border-bottom: 0; }
footer { margin: 1.25rem 0 0; font-size: .8rem; color: var(--faint); }
footer p { margin: .25rem 0; }
a { color: var(--accent); }
[hidden] { display: none !important; }
@media (min-width: 56rem) {
  main { grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); }
  .files { grid-column: 1 / -1; }
}
@media (max-width: 30rem) {
  body { padding: .75rem; }
  .label { font-size: 1.6rem; }
  table { min-width: 30rem; }
  th:nth-child(1) { width: 4.5rem; } th:nth-child(2) { width: 6.5rem; } th:nth-child(3) { width: 7rem; }
}
@media (prefers-reduced-motion: reduce) { .fill { transition: none; } }
`;
