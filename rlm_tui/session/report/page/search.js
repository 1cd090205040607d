// Searching everything: questions, code, outputs, errors, replies, prompts, documents.

const MOST_HITS = 500;
const AROUND = 70;

let query = "";
let hits = [];
let hit = -1;
let cut = false;

const pattern = () => new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+"), "giu");

/** Every text, with where it stands. What the same text repeats in later prompts is searched once. */
function* everything() {
  const seen = new Set();
  const once = (number) => number !== null && number !== undefined && !seen.has(number) && seen.add(number);
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n];
    if (row.kind === "node") {
      yield [n, "question", row.query];
      if (once(row.answer)) yield [n, "answer", text(row.answer)];
    }
    for (const cell of row.cells ?? []) {
      if (once(cell.code)) yield [n, "code", text(cell.code)];
      if (once(cell.output)) yield [n, "output", text(cell.output)];
      if (cell.echo) yield [n, "value", cell.echo];
      if (cell.error) yield [n, "error", cell.error.text || cell.error.message];
    }
    if (row.reply !== undefined && once(row.reply)) yield [n, "reply", saidIn(row)];
    if (row.fault) yield [n, "fault", row.fault[1]];
  }
  for (let n = 0; n < rows.length; n++) for (const [role, number] of rows[n].messages ?? []) if (once(number)) yield [n, `prompt (${role})`, text(number)];
  for (let n = 0; n < session.documents.length; n++) if (once(session.documents[n].text)) yield [-1 - n, "document", text(session.documents[n].text)];
}

function find() {
  hits = [];
  cut = false;
  if (query.trim().length < 2) return;
  const wanted = pattern();
  for (const [place, part, string] of everything()) {
    if (string === null) continue;
    wanted.lastIndex = 0;
    let here = 0;
    for (let match = wanted.exec(string); match && here < 20; match = wanted.exec(string), here++) {
      if (hits.length >= MOST_HITS) {
        cut = true;
        return;
      }
      const [start, end] = [match.index, match.index + match[0].length];
      const before = string.slice(Math.max(0, start - AROUND), start).replace(/\s+/g, " ");
      const after = string.slice(end, end + AROUND).replace(/\s+/g, " ");
      hits.push({ place, part, start, before: visible((start > AROUND ? "…" : "") + before), found: visible(match[0]), after: visible(after + (end + AROUND < string.length ? "…" : "")) });
    }
  }
}

function resultsPane() {
  if (query.trim().length < 2) return el("div", { class: "empty" }, "Type two letters or more.");
  if (!hits.length) return el("div", { class: "empty" }, "Nothing was found.");
  const list = hits.map(({ place, part, before, found, after }, n) => {
    const name = place < 0 ? oneLine(session.documents[-1 - place].name) : `${words(rows[place]).name} ${rows[place].key}`;
    return el("button", { class: "result", type: "button", role: "option", id: `hit-${n}`, "aria-selected": String(n === hit), onclick: () => openHit(n) }, el("div", { class: "where" }, el("b", {}, part), ` in ${name}`), el("div", { class: "snippet" }, before, el("mark", {}, found), after));
  });
  return el("div", { class: "results", role: "listbox", "aria-label": "What was found" }, list);
}

function markHit(n) {
  $(`hit-${hit}`)?.setAttribute("aria-selected", "false");
  hit = Math.max(0, Math.min(hits.length - 1, n));
  $(`hit-${hit}`)?.setAttribute("aria-selected", "true");
  $(`hit-${hit}`)?.scrollIntoView({ block: "nearest" });
}

/** Show where a hit stands. */
function openHit(n) {
  hit = (n + hits.length) % hits.length;
  const { place, start, part } = hits[hit];
  if (place < 0) return goDocument(-1 - place, 0, start);
  go("run", place);
  if (part.startsWith("prompt")) openPrompts();
  const first = highlight($("view"));
  first?.startContainer.parentElement?.scrollIntoView({ block: "center" });
  countHits();
}

/** Opens the messages of a prompt that hold what is looked for. */
function openPrompts() {
  for (const details of document.querySelectorAll(".detail-pane details.block")) {
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    if (!pattern().test(details.textContent)) details.open = false;
  }
}

function countHits() {
  const several = `${whole(hits.length)}${cut ? "+" : ""}`;
  $("count").textContent = query.trim().length < 2 ? "" : hit >= 0 && view !== "search" ? `${hit + 1} of ${several}` : `${several} found`;
}

/** Marks what is looked for in the texts of an element; returns the first place outside of its headings. */
function highlight(element) {
  if (!("highlights" in CSS)) return null;
  CSS.highlights.delete("found");
  if (query.trim().length < 2) return null;
  const ranges = [];
  for (const holder of element.closest("#view") === $("view") ? $("view").querySelectorAll("pre, .prose, .text") : []) {
    const walker = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && ranges.length < 2000; node = walker.nextNode()) {
      for (const match of node.data.matchAll(pattern())) {
        const range = new Range();
        range.setStart(node, match.index);
        range.setEnd(node, match.index + match[0].length);
        ranges.push(range);
        if (ranges.length >= 2000) break;
      }
    }
  }
  if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges));
  return ranges[0] ?? null;
}
