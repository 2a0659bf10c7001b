"""The style sheet of the HTML report: light and dark, from a phone's width up, and for print.

It brings no font and no picture. A colour never stands alone for what it means: a word or a shape says it too.
"""

STYLE = """
:root {
  color-scheme: light;
  --page: #f4f5f7; --card: #ffffff; --sunk: #f7f8fa; --line: #dde1e7; --text: #1d2430; --quiet: #586274;
  --link: #2b50b8; --focus: #2b50b8; --code: #eef0f4;
  --error: #b42318; --error-soft: #fdeceb; --error-bar: #d9483b;
  --warning: #8a4b00; --warning-soft: #fdf1dc; --warning-bar: #e2a33a;
  --info: #2b5aa0; --info-soft: #e8f0fb;
  --good: #1c6a45; --good-soft: #e4f4eb; --good-bar: #4aa877;
  --shadow: 0 1px 2px rgb(20 30 50 / 6%), 0 1px 6px rgb(20 30 50 / 4%);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --page: #10141a; --card: #181d25; --sunk: #141920; --line: #2c3440; --text: #e3e7ee; --quiet: #9aa5b6;
    --link: #93b4ff; --focus: #93b4ff; --code: #232a35;
    --error: #ff9d92; --error-soft: #3b1e1d; --error-bar: #e0675b;
    --warning: #f3bd62; --warning-soft: #362911; --warning-bar: #c98f33;
    --info: #9cc1f7; --info-soft: #1b2a41;
    --good: #7fd3a6; --good-soft: #16301f; --good-bar: #3f9a6b;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 4rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, ul, ol, dl, dd, pre { margin: 0; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { font-size: 1.25rem; line-height: 1.3; }
h3 { font-size: 1rem; color: var(--quiet); font-weight: 600; margin: 1.25rem 0 0.5rem; }
h4 { font-size: 1rem; line-height: 1.4; }
a { color: var(--link); text-underline-offset: 0.15em; }
code, pre { font-family: var(--mono); font-size: 0.875em; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
main:focus { outline: none; }
.quiet { color: var(--quiet); }

/* Banner and footer */
body > header {
  position: sticky; top: 0; z-index: 1; display: flex; gap: 0.25rem 1.5rem; align-items: center; flex-wrap: wrap;
  padding: 0.625rem max(1rem, calc(50% - 37rem)); background: var(--card); border-bottom: 1px solid var(--line);
}
.brand { font-weight: 700; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.125rem; padding: 0; list-style: none; }
nav a { color: var(--quiet); text-decoration: none; }
nav a:hover { color: var(--text); text-decoration: underline; }
.skip { position: absolute; top: -4rem; left: 1rem; padding: 0.5rem 0.75rem; background: var(--card); }
.skip:focus { top: 0.25rem; }
#live { margin-left: auto; font-size: 0.875rem; color: var(--good); }
#live::before {
  content: ""; display: inline-block; width: 0.5rem; height: 0.5rem; margin-right: 0.4rem; border-radius: 50%;
  background: currentcolor;
}
#live.lost { color: var(--error); }
#live.lost::before { border-radius: 0; }
main, body > footer { max-width: 76rem; margin: 0 auto; padding: 1.25rem 1rem 0; }
body > footer { padding: 1.5rem 1rem 2.5rem; color: var(--quiet); font-size: 0.875rem; }
main > section { margin-bottom: 2.25rem; }
main > section > p { margin-top: 0.25rem; max-width: 48rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); }

/* Verdict */
#verdict { padding: 1.5rem; border-top: 5px solid var(--tone); display: grid; gap: 1.5rem; }
#verdict.breaks { --tone: var(--error); --tone-soft: var(--error-soft); }
#verdict.changes { --tone: var(--warning); --tone-soft: var(--warning-soft); }
#verdict.runs { --tone: var(--good); --tone-soft: var(--good-soft); }
#verdict.nothing { --tone: var(--info); --tone-soft: var(--info-soft); }
.headline { display: flex; gap: 1rem; align-items: center; }
.sign {
  flex: none; width: 3.25rem; height: 3.25rem; padding: 0.25rem; border-radius: 50%; background: var(--tone-soft);
  fill: none; stroke: var(--tone); stroke-width: 2.25; stroke-linecap: round; stroke-linejoin: round;
}
.lead { margin-top: 0.25rem; font-size: 1.0625rem; color: var(--quiet); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; }
.fact { padding: 0.625rem 0.875rem; border-radius: 8px; background: var(--sunk); border: 1px solid var(--line); }
.fact dt { font-size: 0.8125rem; color: var(--quiet); }
.fact dd { font-size: 1.5rem; font-weight: 650; line-height: 1.3; font-variant-numeric: tabular-nums; }
.fact small { display: block; font-size: 0.8125rem; font-weight: 400; color: var(--quiet); }
.fact.error dd { color: var(--error); }
.fact.warning dd { color: var(--warning); }
.fact.info dd { color: var(--info); }
#verdict h2 { font-size: 1rem; margin-bottom: 0.5rem; }
.share { display: block; width: 100%; height: 0.875rem; border-radius: 5px; background: var(--code); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin-top: 0.5rem; padding: 0; list-style: none; }
.legend li::before {
  content: ""; display: inline-block; width: 0.75rem; height: 0.75rem; margin-right: 0.4rem; border-radius: 3px;
  background: var(--swatch); vertical-align: -0.05em;
}
.nothing { --swatch: var(--info); }
.runs { --swatch: var(--good-bar); }
.changes { --swatch: var(--warning-bar); }
.breaks { --swatch: var(--error-bar); }
.share rect { fill: var(--swatch); }
.obstacles ol {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0.75rem 2rem;
  padding-left: 1.25rem;
}
.obstacles a { font-weight: 600; }
.obstacles li p { color: var(--quiet); font-size: 0.875rem; }

/* Controls */
#tools {
  display: flex; flex-wrap: wrap; gap: 0.625rem 1.25rem; align-items: end; margin-top: 0.75rem; padding: 0.75rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
#tools fieldset { display: flex; flex-wrap: wrap; gap: 0 0.875rem; margin: 0; padding: 0; border: 0; min-width: 0; }
#tools legend, .search span { padding: 0 0 0.1875rem; font-size: 0.8125rem; color: var(--quiet); }
#tools label { display: inline-flex; align-items: center; gap: 0.375rem; min-height: 2.125rem; cursor: pointer; }
#tools .search { display: grid; gap: 0; flex: 1 1 14rem; }
input { accent-color: var(--link); font: inherit; color: inherit; margin: 0; }
input[type="search"] {
  width: 100%; min-height: 2.125rem; padding: 0.25rem 0.625rem; border: 1px solid var(--quiet); border-radius: 6px;
  background: var(--card);
}
input[type="search"]::placeholder { color: var(--quiet); opacity: 1; }
input[type="checkbox"], input[type="radio"] { width: 1.0625rem; height: 1.0625rem; }
.folds { display: flex; gap: 0.5rem; }
.folds button {
  min-height: 2.125rem; padding: 0.25rem 0.75rem; font: inherit; font-size: 0.875rem; color: var(--text);
  background: var(--sunk); border: 1px solid var(--line); border-radius: 6px; cursor: pointer;
}
.folds button:hover { border-color: var(--quiet); }
#shown { font-size: 0.875rem; color: var(--quiet); }

/* Findings */
details.card { margin-top: 0.625rem; }
details.card > summary {
  display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: center; padding: 0.75rem 1rem; cursor: pointer;
  list-style: none; border-radius: 10px;
}
details.card > summary::-webkit-details-marker { display: none; }
details.card > summary::before {
  content: ""; flex: none; width: 0.4375rem; height: 0.4375rem; border: solid var(--quiet); border-width: 0 2px 2px 0;
  transform: rotate(-45deg); transition: transform 0.12s;
}
details.card[open] > summary::before { transform: rotate(45deg); }
details.card > summary:hover { background: var(--sunk); }
summary > code { color: var(--quiet); }
.tally { margin-left: auto; font-size: 0.875rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.about { display: grid; gap: 0.625rem; padding: 0.25rem 1rem 1rem 2.1875rem; max-width: 56rem; }
.about .fix { padding: 0.625rem 0.875rem; border-left: 3px solid var(--good-bar); background: var(--good-soft);
  border-radius: 0 6px 6px 0; }
pre { padding: 0.75rem 0.875rem; border-radius: 6px; background: var(--code); overflow-x: auto; overflow-wrap: normal; }
.sources { padding-left: 1.125rem; font-size: 0.875rem; }
.endpoint { font-weight: 500; }
.endpoint b { font-size: 0.8125em; letter-spacing: 0.02em; }
.badge {
  display: inline-block; padding: 0.0625rem 0.5rem; border-radius: 99px; font-size: 0.8125rem; font-weight: 600;
  white-space: nowrap; border: 1px solid transparent;
}
.badge.error { color: var(--error); background: var(--error-soft); }
.badge.warning { color: var(--warning); background: var(--warning-soft); }
.badge.info { color: var(--info); background: var(--info-soft); }
.badge.runs { color: var(--good); background: var(--good-soft); }
.badge.known { color: var(--quiet); border-color: var(--line); }
.more { padding: 0.625rem 1rem; color: var(--quiet); font-size: 0.875rem; }

/* Tables */
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 0.875rem; }
section > table { margin-top: 0.75rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; border-collapse: separate; border-spacing: 0; overflow: hidden; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: 0.5rem 0.625rem; text-align: left; vertical-align: top; font-weight: 400;
  border-top: 1px solid var(--line); }
thead th { color: var(--quiet); font-size: 0.8125rem; font-weight: 600; background: var(--sunk); white-space: nowrap;
  vertical-align: bottom; overflow-wrap: normal; }
section > table thead th { border-top: 0; }
tbody tr:hover { background: var(--sunk); }
tr > :first-child { padding-left: 1rem; }
tr > :last-child { padding-right: 1rem; }
th button {
  font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; white-space: nowrap;
}
th button:hover { color: var(--text); }
th button::after { content: "↕"; margin-left: 0.25rem; opacity: 0.45; }
th[aria-sort="ascending"] button::after { content: "↑"; opacity: 1; }
th[aria-sort="descending"] button::after { content: "↓"; opacity: 1; }
.count, .time, .measure { font-variant-numeric: tabular-nums; }
td.count { text-align: right; }
td.what .fix { margin-top: 0.25rem; color: var(--quiet); }
td.time { color: var(--quiet); }
.severity { width: 7.25rem; }
td.severity p { font-size: 0.8125rem; }
.where, .rule { width: 22%; }
.subject { width: 11%; }
th.count, td.count { width: 5rem; }
.time { width: 6.75rem; }
.cookie, .host { width: 16%; }
.effect { width: 7.5rem; }
.parts { width: 22%; }
.verdict { width: 10.5rem; }
#all-endpoints .where { width: 40%; }
#all-endpoints .count { width: 7rem; }
td code, tbody th code { background: var(--code); padding: 0.0625rem 0.3125rem; border-radius: 4px; }
td ul { padding: 0; list-style: none; }
.attributes li { margin: 0.0625rem 0; }
del { text-decoration: line-through 1.5px; color: var(--error); }
ins { text-decoration: underline 1.5px; text-underline-offset: 0.2em; color: var(--good); font-weight: 600; }
del code { background: var(--error-soft); }
ins code { background: var(--good-soft); }
.bar { display: block; width: 100%; height: 0.5rem; margin: 0.375rem 0 0.25rem; border-radius: 3px; }
.track { fill: var(--code); }
.limit { fill: var(--text); }
.fill { fill: var(--good-bar); }
.near .fill, .very-near .fill { fill: var(--warning-bar); }
.over .fill { fill: var(--error-bar); }
.measure b { color: var(--error); }
.parts details + details { margin-top: 0.25rem; }
.parts summary { cursor: pointer; }
.parts ul { padding: 0.25rem 0 0.25rem 1rem; }
.arrived { animation: arrived 3s ease-out; }
@keyframes arrived { from { background: var(--info-soft); } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }

/* A phone: each row of a table becomes a small card, and its headings a row of buttons to sort by. */
@media screen and (max-width: 66rem) {
  body > header { position: static; }
  html { scroll-padding-top: 0.5rem; }
  #verdict { padding: 1.125rem; gap: 1.25rem; }
  h1 { font-size: 1.375rem; }
  .sign { width: 2.5rem; height: 2.5rem; }
  .facts { grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); gap: 0.5rem; }
  .tally { margin-left: 0; }
  .about { padding-left: 1rem; }
  table, thead, tbody, tr, th, td { display: block; }
  thead tr { display: flex; flex-wrap: wrap; gap: 0.25rem 0.875rem; padding: 0.5rem 1rem; background: var(--sunk); }
  thead th, tr > thead th, tr > :first-child, tr > :last-child { padding: 0; border: 0; }
  thead th { width: auto !important; }
  thead th:not([aria-sort]) { display: none; }
  thead button { min-height: 1.75rem; }
  tbody tr { display: grid; gap: 0.25rem; padding: 0.75rem 1rem; border-top: 1px solid var(--line); }
  tbody th, tbody td {
    padding: 0 !important; border: 0; width: auto !important; text-align: left !important;
  }
  tbody td::before { color: var(--quiet); font-size: 0.8125rem; }
  td.severity { display: flex; flex-wrap: wrap; gap: 0.375rem; }
  #findings tbody tr { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
  #findings tbody th, #findings tbody td { flex: 1 0 100%; }
  #findings td.count, #findings td.time { flex: none; }
  td.subject::before { content: "About "; }
  td.count::before { content: "Times seen: "; }
  #all-endpoints td.count::before { content: "Exchanges: "; }
  td.first::before { content: "First seen "; }
  td.last::before { content: "Last seen "; }
  td.host::before { content: "Host "; }
  td.today::before { content: "As the site sets it"; }
  td.runtime::before { content: "Under the Runtime"; }
  #all-headroom tbody tr { grid-template-columns: 1fr 1fr; gap: 0.5rem 1.25rem; }
  #all-headroom tbody th, td.parts { grid-column: 1 / -1; }
  td.request-size::before { content: "Request size"; }
  td.request-count::before { content: "Request count"; }
  td.response-size::before { content: "Response size"; }
  td.response-count::before { content: "Response count"; }
}

@media print {
  @page { margin: 14mm; }
  html { font-size: 11.5px; }
  body { background: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body > header { position: static; padding: 0 0 0.5rem; }
  main, body > footer { max-width: none; padding: 0.5rem 0 0; }
  nav, .skip, #tools, #shown.all, #live, th button::after { display: none; }
  .card, section > table { box-shadow: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details.card > summary::before { display: none; }
  tr, .fact, .about, .obstacles li, summary { break-inside: avoid; }
  h2, h3, summary, thead { break-after: avoid; }
  table { table-layout: auto; }
  thead { display: table-row-group; }
  .time.first, .parts details > ul, #tools[hidden] ~ #by-endpoint { display: none; }
  a { color: inherit; }
}
@media (forced-colors: active) {
  .share rect, .fill, .limit, .track { forced-color-adjust: none; }
}
"""
