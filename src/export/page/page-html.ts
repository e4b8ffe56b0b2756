/** The Content-Security-Policy: everything comes from the page's own site, and nothing can be sent elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src blob:",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The page without content; its script fills in the facts of `page.json`. */
export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Text classifier</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
</head>
<body>
<header>
<h1 id="title">Text classifier</h1>
<p id="status" class="status" role="status">Starting. This page needs JavaScript and a file server: in its folder, run python3 -m http.server, and open the address that it prints.</p>
</header>
<main>
<section class="panel input" aria-labelledby="text-heading">
<div class="heading"><h2 id="text-heading"><label for="text">Text</label></h2><button id="clear" type="button" class="quiet">Clear</button></div>
<textarea id="text" rows="9" spellcheck="false" placeholder="Type or paste a text" aria-describedby="privacy"></textarea>
<p id="privacy" class="faint">The text stays in this browser. It is sent nowhere.</p>
</section>
<section class="panel result" aria-labelledby="result-heading">
<h2 id="result-heading">Prediction</h2>
<div aria-live="polite"><p id="label" class="label">–</p></div>
<ul id="bars" class="bars"></ul>
<p id="note" class="faint"></p>
</section>
<section class="panel words-panel" aria-labelledby="words-heading">
<h2 id="words-heading">Words that decided</h2>
<p class="legend"><span class="key for">speaks for the label</span> <span class="key against">speaks against it</span></p>
<p id="words" class="words"></p>
<p id="words-status" class="faint"></p>
<ol id="strongest" class="strongest"></ol>
<details><summary>Method</summary><p>Occlusion: each word is left out, and the text is classified again. The colour is as strong as the change of the label's log-odds; the list shows the probability before and after. A text of more than 60 words is searched in two rounds, first in 24 parts, then word by word in the parts that changed most (in a very long text, a few words at a time); a part of the first round may be highlighted as a whole. Words that only matter together are not found, and a change says what the model reacts to, not why the label is right.</p></details>
</section>
<section id="threshold-panel" class="panel threshold-panel" aria-labelledby="threshold-heading" hidden>
<h2 id="threshold-heading">Threshold</h2>
<p id="threshold-reason" class="faint" hidden></p>
<div id="threshold-controls">
<label class="slider" for="threshold"><span id="threshold-name">Threshold</span><output id="threshold-value" for="threshold">0.50</output></label>
<input id="threshold" type="range" min="0" max="1" step="0.01" value="0.5">
<dl class="measures"><div class="precision"><dt>Precision</dt><dd id="precision"></dd></div><div class="recall"><dt>Recall</dt><dd id="recall"></dd></div></dl>
<div id="curves" class="curves"></div>
<p class="axis" aria-hidden="true"><span>0</span><span>threshold</span><span>1</span></p>
<p id="threshold-note" class="faint"></p>
</div>
</section>
<section class="panel files" aria-labelledby="files-heading">
<h2 id="files-heading">Many texts</h2>
<div class="drop">
<label class="button" for="file">Choose a file</label><input id="file" type="file" class="visually-hidden" accept=".csv,.tsv,.txt,.xml,.nbib" data-waits disabled>
<span class="faint">or drag it here: CSV with a column “text” or “texts”, PubMed's XML or MEDLINE (.nbib, .txt), or a text in each line.</span>
</div>
<p id="file-error" class="error" role="alert"></p>
<div id="file-result" hidden>
<div class="heading"><p id="file-status" role="status"></p><span class="actions"><button id="stop" type="button">Stop</button> <button id="download" type="button">Download table (CSV)</button></span></div>
<div class="scroll" tabindex="0" role="region" aria-label="Predictions">
<table><thead><tr><th scope="col">ID</th><th scope="col">Label</th><th scope="col" id="score-column">Probability</th><th scope="col">Text</th></tr></thead><tbody id="rows"></tbody></table>
</div>
</div>
</section>
</main>
<footer>
<p id="about-model"></p>
<p>Probabilities are the model's; whether they are calibrated was not measured. Made with tslora; <a href="licences.txt">licences</a>.</p>
</footer>
<script src="page.js"></script>
</body>
</html>
`;
