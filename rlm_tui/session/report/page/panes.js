// The answer, the costs, and the help.

function card(title, ...children) {
  return el("section", { class: "card" }, el("h2", {}, title), children);
}

/** The answer, with what nothing backs marked. */
function answerText(answer) {
  const out = [];
  let at = 0;
  for (const [kind, , start, end] of session.unsupported) {
    if (start < at) continue;
    // Offsets count characters as Python does; those beyond the first 65,536 are two here.
    const [from, to] = [units(answer, start), units(answer, end)];
    out.push(visible(answer.slice(units(answer, at), from)), el("mark", { class: "missing", title: `This ${kind} stands in nothing that was read or computed.` }, visible(answer.slice(from, to))));
    at = end;
  }
  out.push(visible(answer.slice(units(answer, at))));
  return out;
}

function units(string, characters) {
  let at = 0;
  for (let n = 0; n < characters && at < string.length; n++) at += string.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

function answerPane() {
  const answer = text(session.answer);
  const out = [card("Question", el("p", { class: "answer" }, visible(session.query)), session.before.length ? el("p", { class: "muted" }, "Asked before: ", session.before.map((question) => `${visible(question)} `)) : null)];
  if (session.note) out.push(el("p", { class: "note" }, visible(session.note)));
  if (session.error) out.push(el("p", { class: "note bad" }, visible(session.error)));
  if (session.limit) out.push(el("p", { class: "note" }, `The limit of ${session.limit} ended it; the answer is from what was known then.`));
  out.push(card("Answer", answer === null ? el("p", { class: "muted" }, session.answer === null && !session.redacted ? "There is no answer." : GONE) : el("div", { class: "answer" }, answerText(answer))));
  if (answer !== null && session.checked) {
    const missing = session.unsupported.length;
    out.push(el("p", { class: missing ? "note bad" : "note ok" }, missing ? `${plural(missing, "quote or number")} of the answer ${missing === 1 ? "stands" : "stand"} in nothing that was read or computed; marked above.` : "Every quote and number of the answer stands in what was read or computed."));
  }
  const read = session.documents.map((doc, n) =>
    el("tr", {}, el("td", {}, el("button", { class: "link", type: "button", onclick: () => goDocument(n, 0) }, oneLine(doc.name))), el("td", { class: "num" }, whole(doc.chars)), el("td", { class: "num" }, percent(doc.seen.part)), el("td", { class: "num" }, percent(doc.touched.part)), el("td", { class: "num" }, whole(doc.seen.again))),
  );
  if (read.length) out.push(card("What was read", el("table", {}, head("document", ["characters"], ["seen by a model"], ["touched by code"], ["seen twice or more"]), el("tbody", {}, read))));
  const notes = session.notes.map(([seq, kind, node, words_]) => el("tr", {}, el("td", { class: "num muted" }, `#${seq}`), el("td", {}, kind), el("td", { class: "mono" }, node), el("td", {}, visible(words_))));
  if (notes.length) out.push(card("On the way", el("table", {}, el("tbody", {}, notes))));
  out.push(card("Settings", el("table", { class: "pairs" }, el("tbody", {}, session.settings.map(([name, value]) => el("tr", {}, el("td", { class: "muted" }, name), el("td", {}, visible(value))))))));
  return el("div", { class: "page" }, out);
}

/** A table's head; names in brackets are of columns of numbers. */
function head(...names) {
  return el("thead", {}, el("tr", {}, names.map((name) => (Array.isArray(name) ? el("th", { class: "num", scope: "col" }, name[0]) : el("th", { scope: "col" }, name)))));
}

function costTable(title, sums) {
  const most = Math.max(...sums.map(([, usage]) => usage.cost ?? 0), 0);
  const base = most > 0 ? (usage) => (usage.cost ?? 0) / most : (usage) => tokens(usage) / Math.max(1, ...sums.map(([, other]) => tokens(other)));
  const lines = sums.map(([name, usage]) =>
    el("tr", {}, el("td", {}, oneLine(name)), el("td", { class: "num" }, whole(usage.calls ?? 0)), el("td", { class: "num" }, about(usage) + whole(usage.input ?? 0)), el("td", { class: "num" }, whole(usage.cached ?? 0)), el("td", { class: "num" }, about(usage) + whole(usage.output ?? 0)), el("td", { class: "num" }, price(usage)), el("td", {}, el("span", { class: "bar", style: { width: `${Math.round(base(usage) * 120)}px` } }))),
  );
  return el("table", {}, head(title, ["calls"], ["tokens in"], ["cached"], ["tokens out"], ["cost"], ""), el("tbody", {}, lines));
}

function costPane() {
  const calls = rows.map((row, number) => [row, number]).filter(([row]) => row.kind !== "node" && row.kind !== "probe");
  const own = ([row]) => (row.kind === "turn" ? ownUsage(row) : row.usage);
  const worth = (call) => own(call).cost || tokens(own(call)) * 1e-12;
  const dearest = [...calls].sort((a, b) => worth(b) - worth(a)).slice(0, 25);
  const slowest = [...calls].sort((a, b) => b[0].end - b[0].start - (a[0].end - a[0].start)).slice(0, 10);
  const line = (call) => el("tr", {}, el("td", {}, rowLink(call[1])), el("td", {}, oneLine(call[0].model)), el("td", { class: "num" }, about(own(call)) + whole(tokens(own(call)))), el("td", { class: "num" }, price(own(call))), el("td", { class: "num" }, duration(call[0].end - call[0].start)));
  const names = ["call", "model", ["tokens"], ["cost"], ["time"]];
  return el(
    "div", { class: "page" },
    session.usage.unpriced ? el("p", { class: "note" }, `${plural(session.usage.unpriced, "call")} had no known price; a ? stands where that matters.`) : null,
    card("By model", costTable("model", session.byModel)),
    card("By purpose", costTable("purpose", session.byPurpose)),
    card("The dearest calls", el("table", {}, head(...names), el("tbody", {}, dearest.map(line)))),
    card("The slowest calls", el("table", {}, head(...names), el("tbody", {}, slowest.map(line)))),
  );
}

/** What a turn's own call used: all that stands on its row, without what its sub-calls used. */
function ownUsage(row) {
  const number = byKey.get(row.key);
  const own = { ...row.usage };
  for (let n = number + 1; n < rows.length && rows[n].level > row.level; n++) {
    if (rows[n].parent !== number) continue;
    for (const name of ["calls", "input", "cached", "output", "cost", "unpriced"]) own[name] = (own[name] ?? 0) - (rows[n].usage[name] ?? 0);
  }
  return own;
}

const KEYS = [
  ["j k, ↓ ↑", "next and previous row, line or result"],
  ["l h, → ←", "open and shut a row; into it and out of it"],
  ["Enter", "to the row's details; open a result"],
  ["Space", "shut or open a row"],
  ["z", "shut or open the whole tree"],
  ["g G", "first and last"],
  ["e E", "next and previous error"],
  ["[ ]", "previous and next region that no model saw"],
  ["/", "search everything; n and N: next and previous result"],
  ["1 2 3 4", "run, answer, documents, costs"],
  ["t", "light or dark"],
  ["Esc", "back to the tree; leave the search"],
];

function helpDialog() {
  const lines = KEYS.flatMap(([keys, what]) => [el("dt", {}, keys.split(/, | /).map((key) => [el("kbd", {}, key), " "])), el("dd", {}, what)]);
  return [el("h2", {}, "Keys"), el("dl", {}, lines)];
}
