/* The script of the HTML report: filter, sort, choose a host, switch views, and follow a live page. Without it the page
   can be read all the same.

   What a person has set (filter, host, order, view, what is open) is applied to a tree, be it the one on the page or one
   that has just come from the server. The page is then made equal to the latter, node by node, so that focus, selection
   and scroll position stay where they are. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const orders = new Map(); // id of a table: which column, and whether descending
  const isWide = matchMedia("(min-width: 66rem)").matches;

  // What a person has set, as it shows in the controls.
  function settings() {
    const of = (name) => [...document.querySelectorAll(`[name=${name}]`)].filter((box) => box.checked);
    return {
      words: byId("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean),
      severities: new Set(of("severity").map((box) => box.value)),
      showKnown: byId("show-known").checked,
      host: byId("host").value,
      view: of("view")[0].value,
    };
  }

  function apply(root) {
    const set = settings();
    root.querySelector("#tools").hidden = false;
    for (const header of root.querySelectorAll("th[data-sort]")) makeSortable(header);
    for (const name of root.querySelectorAll("[data-choose]")) makeChoosable(name, set);
    for (const table of root.querySelectorAll("table[id]")) sort(table);
    for (const view of root.querySelectorAll("[data-view]")) {
      view.hidden = view.dataset.view !== set.view;
      filter(view, set);
    }
    followHost(root, set);
    say(root, root.querySelector(`[data-view=${set.view}]`), set);
  }

  // Hides the rows that the filter leaves out, and groups and folds without a row that is left.
  function filter(view, set) {
    for (const group of view.querySelectorAll(".card")) {
      const name = set.words.length > 0 ? group.querySelector("summary").textContent.toLowerCase() : "";
      for (const row of group.querySelectorAll("tbody tr")) {
        row.hidden =
          !set.severities.has(row.dataset.severity) ||
          (!set.showKnown && "known" in row.dataset) ||
          (set.host !== "" && row.dataset.host !== set.host) ||
          !contains(name, row, set.words);
      }
    }
    const isSearch = set.words.length > 0;
    for (const group of view.querySelectorAll(".card")) showIfFull(group, isSearch);
    for (const fold of view.querySelectorAll(".others")) {
      showIfFull(fold, set.host !== "" || (isSearch && rowsShown(view, ".own") === 0));
    }
  }

  function contains(name, row, words) {
    const text = words.length > 0 ? `${name} ${row.textContent.toLowerCase()}` : "";
    return words.every((word) => text.includes(word));
  }

  const rowsShown = (part, among = "") => part.querySelectorAll(`${among} tbody tr:not([hidden])`).length;

  // What was looked for should be seen; afterwards the group is as it was.
  function showIfFull(group, isWanted) {
    group.hidden = rowsShown(group) === 0;
    if (isWanted && !group.hidden && !group.open) {
      group.open = true;
      group.dataset.opened = "";
    } else if (!isWanted && "opened" in group.dataset) {
      group.open = false;
      delete group.dataset.opened;
    }
  }

  // Outside the findings: verdict, cookies, headroom and endpoints speak of the chosen host alone.
  function followHost(root, set) {
    const isOther = (each) => set.host !== "" && each.dataset.host !== set.host;
    for (const each of root.querySelectorAll("[data-host]:not([data-severity], [data-headline])")) {
      each.hidden = isOther(each);
    }
    for (const fold of root.querySelectorAll(".part details, .part table, .obstacles, .obstacles details, .obstacles > ol > li")) {
      if (fold.querySelector("[data-host]")) fold.hidden = !fold.querySelector("[data-host]:not([hidden])");
    }
    for (const fold of root.querySelectorAll(".part .others, .obstacles details")) {
      if (set.host !== "" && !fold.hidden && !fold.open) {
        fold.open = true;
        fold.dataset.opened = "";
      } else if (set.host === "" && "opened" in fold.dataset) {
        fold.open = false;
        delete fold.dataset.opened;
      }
    }
    const verdict = root.querySelector("#verdict");
    const chosen = [...root.querySelectorAll("[data-headline][data-host]")].find((row) => row.dataset.host === set.host);
    const from = chosen ?? verdict;
    for (const place of verdict.querySelectorAll("[data-fill]")) {
      const { fill } = place.dataset;
      const text = from.getAttribute(`data-${fill}`);
      place.textContent = text;
      if (fill === place.closest(".fact")?.dataset.fact) place.closest(".fact").classList.toggle("none", text === "0");
    }
    for (const part of verdict.querySelectorAll("[data-whole]")) part.hidden = Boolean(chosen);
    verdict.querySelector("#all-again").hidden = !chosen;
    verdict.className = `card ${from.dataset.standing}`;
  }

  // How much of the findings is to be seen, in words. As long as no host is chosen, that is of one's own hosts.
  function say(root, view, set) {
    const number = (count) => count.toLocaleString("en");
    const rows = (selector) => view.querySelectorAll(selector).length;
    const isChosen = set.host !== "";
    const count = rowsShown(view, isChosen ? "" : ".own");
    const all = isChosen ? rows(`tr[data-host="${CSS.escape(set.host)}"]`) : Number(view.dataset.all);
    const elsewhere = isChosen ? 0 : all - rows(".own tbody tr");
    const others = isChosen ? 0 : rowsShown(view, ".others");
    const isWithout = !set.severities.has("info") && rows("tr[data-severity=info]") > 0;
    const status = root.querySelector("#shown");
    status.textContent = [
      `${number(count)} of ${number(all)} ${view.dataset.noun}${all === 1 ? "" : "s"} shown`,
      isChosen ? ` at ${set.host}` : "",
      elsewhere > 0 ? `; the JSON report has ${number(elsewhere)} more` : "",
      others > 0 ? `; ${number(others)} more at other hosts` : "",
      isWithout ? "; infos are hidden" : "",
    ].join("");
    status.classList.toggle("all", count === all);
    root.querySelector("#none-shown").hidden = count + others > 0 || all === 0;
  }

  function makeSortable(header) {
    if (header.querySelector("button")) return;
    wrap(header);
    header.setAttribute("aria-sort", "none");
  }

  function makeChoosable(name, set) {
    const button = name.querySelector("button") ?? wrap(name);
    button.setAttribute("aria-pressed", name.dataset.choose === set.host);
  }

  function wrap(element) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...element.childNodes);
    element.append(button);
    return button;
  }

  function sort(table) {
    const order = orders.get(table.id);
    if (!order) return;
    const value = (row) => row.cells[order.column].dataset.value ?? row.cells[order.column].textContent;
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
    rows.sort(([a], [b]) => (order.descending ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
    for (const header of table.tHead.rows[0].cells) {
      if (!header.hasAttribute("aria-sort")) continue;
      const sorted = header.cellIndex === order.column;
      header.setAttribute("aria-sort", !sorted ? "none" : order.descending ? "descending" : "ascending");
    }
  }

  function chooseOrder(header) {
    const now = header.getAttribute("aria-sort");
    const descending = now === "none" ? header.dataset.sort === "descending" : now === "ascending";
    const table = header.closest("table");
    orders.set(table.id, { column: header.cellIndex, descending });
    sort(table);
  }

  // A link to a rule or a finding leads somewhere even where that is folded, filtered out or in the other view.
  function reveal(id) {
    const target = id && byId(id);
    if (!target) return;
    const view = target.closest("[data-view]");
    if (view && target.closest("[hidden]")) {
      if (target.closest("[hidden]") !== view || target.hidden) showAll();
      byId(`view-${view.dataset.view}`).checked = true;
      apply(document);
    }
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    const own = target.querySelector(":scope > details");
    if (own) own.open = true;
    target.scrollIntoView();
  }

  function showAll() {
    byId("filter-text").value = "";
    byId("host").value = "";
    for (const box of document.querySelectorAll("#tools [type=checkbox]")) box.checked = true;
  }

  function choose(host) {
    byId("host").value = host;
    apply(document);
    byId("verdict").scrollIntoView();
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest("#tools")) apply(document);
  });
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const header = event.target.closest("th[aria-sort]");
    const link = event.target.closest("a[href^='#']");
    const fold = event.target.closest("[data-fold]");
    const name = event.target.closest("[data-choose] button");
    if (header) chooseOrder(header);
    if (link) reveal(link.hash.slice(1));
    if (name) choose(name.getAttribute("aria-pressed") === "true" ? "" : name.parentElement.dataset.choose);
    if (event.target.closest("#all-again")) choose("");
    if (fold) {
      const open = fold.dataset.fold === "open";
      for (const group of document.querySelectorAll("[data-view] .card")) {
        group.open = open;
        delete group.dataset.opened;
      }
    }
  });
  addEventListener("hashchange", () => reveal(location.hash.slice(1)));

  // Live

  function update(page) {
    const next = new DOMParser().parseFromString(page, "text/html");
    for (const group of next.querySelectorAll("details[id]")) {
      const before = byId(group.id);
      if (!before) {
        group.open ||= isWide && "wide" in group.dataset;
        continue;
      }
      group.open = before.open;
      if ("opened" in before.dataset) group.dataset.opened = "";
    }
    apply(next);
    become(byId("report"), next.getElementById("report"));
    document.title = byId("report").dataset.title;
  }

  // Makes one node equal to another and keeps what need not change. What has an id is the same thing wherever it is.
  function become(node, next) {
    if (node.isEqualNode(next)) return;
    if (node.nodeType !== Node.ELEMENT_NODE) {
      node.nodeValue = next.nodeValue;
      return;
    }
    for (const { name, value } of next.attributes) {
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    }
    for (const { name } of [...node.attributes]) {
      if (!next.hasAttribute(name)) node.removeAttribute(name);
    }
    const named = new Map([...node.children].filter((child) => child.id).map((child) => [child.id, child]));
    let at = node.firstChild;
    for (const child of [...next.childNodes]) {
      const alike = at && !at.id && !child.id && at.nodeName === child.nodeName ? at : null;
      const same = child.id ? named.get(child.id) : alike;
      if (!same) {
        if (["TR", "DETAILS"].includes(child.nodeName)) child.classList.add("arrived");
        node.insertBefore(child, at);
        continue;
      }
      if (same === at) at = at.nextSibling;
      else node.insertBefore(same, at);
      become(same, child);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  const shownAgain = () => new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

  async function follow() {
    let version = "";
    const tell = (text, lost) => {
      const status = byId("live");
      if (status.textContent !== text) status.textContent = text;
      status.classList.toggle("lost", lost);
    };
    for (;;) {
      if (document.hidden) await shownAgain();
      try {
        const response = await fetch(`report?after=${version}`);
        if (!response.ok) throw new Error(`status ${response.status}`);
        if (response.status === 200) {
          version = response.headers.get("Report-Version");
          update(await response.text());
        }
        tell("Live", false);
      } catch {
        tell("Not connected: the proxy does not answer. Showing the last known state.", true);
        await wait(1000);
      }
    }
  }

  document.title = byId("report").dataset.title;
  if (isWide) for (const group of document.querySelectorAll("details[data-wide]")) group.open = true;
  apply(document);
  reveal(location.hash.slice(1));
  if ("live" in document.body.dataset) follow();
})();
