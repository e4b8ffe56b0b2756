/** The style of a notebook's page: one column, both themes, no fonts or images from elsewhere. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --muted: #59636e; --ground: #ffffff; --panel: #f6f8fa; --line: #d1d9e0; --accent: #0b63c5; --bad: #b3261e; --bad-ground: #fdecea;
  --hl-comment: #57606a; --hl-string: #0a5d2c; --hl-number: #8a3b00; --hl-keyword: #8124a8;
  --ansi-black: #24292f; --ansi-red: #b3261e; --ansi-green: #116329; --ansi-yellow: #7a4d00; --ansi-blue: #0b63c5; --ansi-magenta: #8124a8; --ansi-cyan: #0b6a73; --ansi-white: #59636e;
  --ansi-bright-black: #59636e; --ansi-bright-red: #cf222e; --ansi-bright-green: #1a7f37; --ansi-bright-yellow: #9a6700; --ansi-bright-blue: #218bff; --ansi-bright-magenta: #a475f9; --ansi-bright-cyan: #3192aa; --ansi-bright-white: #8c959f; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --muted: #9198a1; --ground: #0d1117; --panel: #161b22; --line: #30363d; --accent: #6cb6ff; --bad: #ff9a92; --bad-ground: #3a1512;
  --hl-comment: #9198a1; --hl-string: #8ddb8c; --hl-number: #f0a35e; --hl-keyword: #dcbdfb;
  --ansi-black: #768390; --ansi-red: #ff7b72; --ansi-green: #7ee787; --ansi-yellow: #f2cc60; --ansi-blue: #79c0ff; --ansi-magenta: #d2a8ff; --ansi-cyan: #76e3ea; --ansi-white: #e6edf3;
  --ansi-bright-black: #9198a1; --ansi-bright-red: #ffa198; --ansi-bright-green: #aff5b4; --ansi-bright-yellow: #f8e3a1; --ansi-bright-blue: #a5d6ff; --ansi-bright-magenta: #e2c5ff; --ansi-bright-cyan: #b3f0ff; --ansi-bright-white: #ffffff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; display: grid; grid-template-columns: minmax(0, 1fr); }
main { width: 100%; max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
nav.contents { padding: 1.25rem; font-size: .875rem; line-height: 1.45; max-width: 60rem; width: 100%; margin: 0 auto; }
nav.contents h2 { font-size: .875rem; margin: 0 0 .5rem; color: var(--muted); }
nav.contents ul { list-style: none; margin: 0; padding: 0; }
nav.contents li { margin: .25rem 0; padding-left: calc((var(--depth) - 1) * .9rem); }
nav.contents a { color: inherit; text-decoration: none; }
nav.contents a:hover, nav.contents a:focus-visible { color: var(--accent); text-decoration: underline; }
@media (min-width: 75rem) { body { grid-template-columns: 17rem minmax(0, 1fr); grid-template-rows: auto 1fr; } nav.contents { grid-column: 1; grid-row: 1 / 3; align-self: start; } header.summary { grid-column: 2; } main { grid-column: 2; } nav.contents { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; border-right: 1px solid var(--line); } }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.8em 0 .6em; text-wrap: balance; }
h1 { font-size: 1.9rem; } h2 { font-size: 1.45rem; } h3 { font-size: 1.15rem; }
main > section > .cell:first-child :is(h1, h2):first-child { margin-top: 0; }
a { color: var(--accent); }
.run { color: var(--muted); font-size: .875rem; border-bottom: 1px solid var(--line); padding-bottom: .75rem; }
.cell { margin: 1rem 0; scroll-margin-top: 1rem; }
.source summary { font: .75rem/1.6 ui-monospace, monospace; color: var(--muted); cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
header.summary { width: 100%; max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem 0; } header.summary h1 { margin-top: 0; }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
pre { margin: 0; padding: .75rem 1rem; overflow-x: auto; font-size: .85rem; line-height: 1.5; tab-size: 2; }
.source pre, .prose pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
.prose :not(pre) > code { background: var(--panel); border-radius: 4px; padding: .1em .3em; font-size: .9em; }
.output { margin: .5rem 0; } pre.output { padding-block: .4rem; } .output.rich { overflow-x: auto; }
.output.stream, .output.error { white-space: pre-wrap; overflow-wrap: anywhere; } .output.stream { max-height: 40rem; overflow-y: auto; } .output.stderr { border-left: 3px solid var(--ansi-yellow); color: var(--muted); }
.output.error { border-left: 3px solid var(--bad); background: var(--bad-ground); } .output.error strong { color: var(--bad); }
.output img, .output svg, .prose img { max-width: 100%; height: auto; } .source pre { white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; margin: .75rem 0; display: block; max-width: 100%; overflow-x: auto; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); } td small { display: inline-block; white-space: nowrap; }
@media (max-width: 60rem) { table { font-size: .78rem; } th, td { padding: .3rem .35rem; } td { white-space: normal !important; } td small { white-space: normal; } } th { text-align: left; }
blockquote { margin: 1rem 0; padding: 0 1rem; border-left: 3px solid var(--line); color: var(--muted); }
hr { border: 0; border-top: 1px solid var(--line); }
.hl-comment { color: var(--hl-comment); font-style: italic; } .hl-string { color: var(--hl-string); } .hl-number { color: var(--hl-number); } .hl-keyword { color: var(--hl-keyword); }
.ansi-bold { font-weight: 700; } .ansi-dim { opacity: .7; } .ansi-italic { font-style: italic; } .ansi-underline { text-decoration: underline; }
${["", "bright-"].flatMap((bright) => ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"].map((name) => `.ansi-fg-${bright}${name} { color: var(--ansi-${bright}${name}); } .ansi-bg-${bright}${name} { background: var(--ansi-${bright}${name}); color: var(--ground); }`)).join("\n")}
@media print { nav.contents { display: none; } .output.stream { max-height: none; } pre { white-space: pre-wrap; } }
`;
