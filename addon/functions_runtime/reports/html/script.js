/* The script of the HTML report: filter, sort, views, and following a live page. Without it the page can be read all
   the same.

   What a person has set (filter, order, view, what is open) is applied to a tree, be it the one on the page or one that
   has just come from the server. The page is then made equal to the latter, node by node, so that focus, selection and
   scroll position stay where they are. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const orders = new Map(); // id of a table: which column, and whether descending

  // What a person has set, as it shows in the controls.
  function settings() {
    const of = (name) => [...document.querySelectorAll(`[name=${name}]`)].filter((box) => box.checked);
    return {
      words: byId("filter-text").value.toLowerCase().split(/\s+/).filter(Boolean),
      severities: new Set(of("severity").map((box) => box.value)),
      showKnown: byId("show-known").checked,
      view: of("view")[0].value,
    };
  }

  function apply(root) {
    const set = settings();
    root.querySelector("#tools").hidden = false;
    for (const header of root.querySelectorAll("th[data-sort]")) makeSortable(header);
    for (const table of root.querySelectorAll("table[id]")) sort(table);
    const shown = new Map();
    for (const view of root.querySelectorAll("[data-view]")) {
      view.hidden = view.dataset.view !== set.view;
      shown.set(view.dataset.view, filter(view, set));
    }
    const status = root.querySelector("#shown");
    const all = Number(status.dataset.all);
    const count = shown.get(set.view);
    const elsewhere = all - root.querySelectorAll(`[data-view=${set.view}] tbody tr`).length;
    status.textContent =
      `${count} of ${all} finding${all === 1 ? "" : "s"} shown` +
      (elsewhere > 0 ? `; ${elsewhere} are not on this page, which the JSON report has` : "");
    status.classList.toggle("all", count === all);
    root.querySelector("#none-shown").hidden = count > 0 || all === 0;
  }

  function filter(view, set) {
    let shown = 0;
    for (const group of view.querySelectorAll("details")) {
      const name = group.querySelector("summary").textContent.toLowerCase();
      let inGroup = 0;
      for (const row of group.querySelectorAll("tbody tr")) {
        const text = name + " " + row.textContent.toLowerCase();
        row.hidden =
          !set.severities.has(row.dataset.severity) ||
          (!set.showKnown && "known" in row.dataset) ||
          !set.words.every((word) => text.includes(word));
        inGroup += row.hidden ? 0 : 1;
      }
      group.hidden = inGroup === 0;
      shown += inGroup;
      // What was looked for should be seen; afterwards the group is as it was.
      if (set.words.length > 0 && inGroup > 0 && !group.open) {
        group.open = true;
        group.dataset.opened = "";
      } else if (set.words.length === 0 && "opened" in group.dataset) {
        group.open = false;
        delete group.dataset.opened;
      }
    }
    return shown;
  }

  function makeSortable(header) {
    if (header.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    header.setAttribute("aria-sort", "none");
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
      if (!view.hidden || target.hidden) showAll();
      byId(`view-${view.dataset.view}`).checked = true;
      apply(document);
    }
    const group = target.closest("details");
    if (group) group.open = true;
    target.scrollIntoView();
  }

  function showAll() {
    byId("filter-text").value = "";
    for (const box of document.querySelectorAll("#tools [type=checkbox]")) box.checked = true;
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest("#tools")) apply(document);
  });
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const header = event.target.closest("th[aria-sort]");
    const link = event.target.closest("a[href^='#']");
    const fold = event.target.closest("[data-fold]");
    if (header) chooseOrder(header);
    if (link) reveal(link.hash.slice(1));
    if (fold) {
      const open = fold.dataset.fold === "open";
      for (const group of document.querySelectorAll("[data-view] details")) {
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
      if (!before) continue;
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
    const say = (text, lost) => {
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
        say("Live", false);
      } catch {
        say("Not connected: the proxy does not answer. This is how it was.", true);
        await wait(1000);
      }
    }
  }

  document.title = byId("report").dataset.title;
  apply(document);
  reveal(location.hash.slice(1));
  if ("live" in document.body.dataset) follow();
})();
