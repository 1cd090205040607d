// Everything about one row of the tree.

function facts(row) {
  const parts = [];
  if (row.model) parts.push(oneLine(row.model));
  if (row.source === "record") parts.push("from the record");
  if (row.source === "operator") parts.push("answered by hand");
  const usage = row.usage;
  if (usage.calls) {
    const cached = usage.cached ? ` (${whole(usage.cached)} cached)` : "";
    parts.push(`${about(usage)}${whole(usage.input ?? 0)} tokens in${cached}, ${about(usage)}${whole(usage.output ?? 0)} out`, price(usage));
    if (usage.calls > 1) parts.push(`${plural(usage.calls, "call")} in all`);
  }
  parts.push(`took ${duration(row.end - row.start)}, began at ${duration(row.start)}`);
  if (row.attempts > 1) parts.push(`${row.attempts} attempts`);
  if (row.finish && !["stop", "unknown"].includes(row.finish)) parts.push(`finish: ${oneLine(row.finish)}`);
  return el("p", { class: "facts" }, parts.join(" · "));
}

/** What the model says in a reply, without its code where that is shown by itself. */
function saidIn(row) {
  const reply = text(row.reply);
  if (reply === null || !row.cells?.length) return reply;
  return reply.replace(/(^|\n)[ \t]*(```+|~~~+)[^\n]*\n[\s\S]*?(\n[ \t]*\2[ \t]*(?=\n|$)|$)/g, "$1").replace(/\n{3,}/g, "\n\n").trim();
}

function rowLink(number) {
  const { mark, tone, name, detail } = words(rows[number]);
  return el("button", { class: "link", type: "button", onclick: () => go("run", number) }, el("span", { class: tone }, mark), ` ${name}${detail ? ` · ${detail.slice(0, 60)}` : ""}`);
}

function readLinks(spans, what) {
  if (!spans?.length) return null;
  const links = spans.slice(0, 12).map(([document_, start, end]) =>
    el("button", { class: "link", type: "button", title: "Show it in the document", onclick: () => goDocument(document_, start) }, `${oneLine(session.documents[document_]?.name ?? "")} ${whole(start)}-${whole(end)}`),
  );
  return el("div", { class: "links" }, el("span", { class: "muted" }, `${what}:`), links, spans.length > 12 ? `and ${spans.length - 12} more` : "");
}

function notesOf(node) {
  const shown = session.notes.filter((note) => note[2] === node);
  return shown.map(([, kind, , words_]) => el("p", { class: "note" }, el("b", {}, `${kind}: `), visible(words_)));
}

function below(number) {
  const links = [];
  for (let n = number + 1; n < rows.length && rows[n].level > rows[number].level; n++) {
    if (rows[n].parent === number) links.push(rowLink(n));
    if (links.length === 60) break;
  }
  return links.length ? el("div", { class: "links" }, links) : null;
}

function messages(row) {
  if (!row.messages.length) return [];
  const shown = row.messages.map(([role, number], n) => {
    const known = text(number);
    return shutBlock(role, number, known === null ? "not kept" : `message ${n + 1}, ${whole(known.length)} characters · ${oneLine(known.slice(0, 120))}`);
  });
  return [el("h3", {}, `The prompt: ${plural(row.messages.length, "message")}`), ...shown];
}

function cellBlocks(cell) {
  const took = `${cell.status}, ${duration(cell.seconds)}${cell.waited >= 0.005 ? ` and ${duration(cell.waited)} waiting` : ""}${cell.rebuilt ? ", in a rebuilt REPL" : ""}`;
  const out = [codeBlock(cell.written === null ? "Code" : "Code, as it was changed by hand", text(cell.code), took, cell.error?.line)];
  if (cell.written !== null) out.push(shutBlock("What the model had written", cell.written));
  const output = cell.output === null ? cell.printed : text(cell.output);
  if (output === null || output !== "") out.push(block("Output", output, { note: output === null ? "" : plural(output.length, "character") }));
  if (cell.echo) out.push(block("Value of the last line", cell.echo));
  if (cell.error) out.push(block(cell.error.type, cell.error.text || cell.error.message, { error: true }));
  if (cell.variables.length) out.push(variables(cell.variables));
  out.push(readLinks(cell.touched, "Its code went over"));
  return out;
}

function variables(list) {
  const lines = list.map(([name, type, size, preview, changed]) =>
    el("tr", {}, el("td", { class: "mono" }, changed ? el("b", {}, visible(name)) : visible(name)), el("td", { class: "muted" }, visible(type)), el("td", { class: "num" }, size === null ? "" : whole(size)), el("td", { class: "mono" }, visible(preview)), el("td", { class: "muted" }, changed)),
  );
  const table = el("table", {}, el("tbody", {}, lines));
  const details = el("details", { class: "block" }, el("summary", {}, el("b", {}, "Variables"), `${list.length} after this cell, ${list.filter((v) => v[4]).length} new or changed`), el("div", { class: "prose" }, table));
  return details;
}

/** The pane for row `number`. */
function detail(number) {
  const row = rows[number];
  const { mark, tone, name } = words(row);
  const head = el("h2", {}, el("span", { class: tone }, mark), el("span", { class: `k-${row.kind}` }, name), el("span", { class: "muted mono" }, row.key));
  const out = [head, facts(row)];
  if (row.fault) out.push(el("p", { class: "note bad" }, visible(row.fault[1])));
  if (row.kind === "node") {
    if (row.error) out.push(el("p", { class: "note bad" }, visible(row.error)));
    if (row.limit) out.push(el("p", { class: "note" }, `The limit of ${row.limit} ended it.`));
    out.push(block("Question", row.query, { prose: true, note: `about ${plural(row.context, "character")} of context` }));
    if (row.answer !== null) out.push(block("Answer", text(row.answer), { prose: true }));
    out.push(...notesOf(row.key), el("h3", {}, "Its turns"), below(number));
  } else if (row.kind === "probe") {
    for (const cell of row.cells) out.push(...cellBlocks(cell));
  } else {
    if (row.reply !== null || row.status === "done") {
      const said = saidIn(row);
      if (said !== "") out.push(block(row.kind === "turn" ? "The model says" : "Reply", said, { prose: true }));
    }
    if (row.notice) out.push(el("p", { class: "note" }, el("b", {}, "The model is told: "), visible(row.notice)));
    for (const cell of row.cells ?? []) out.push(...cellBlocks(cell));
    const links = below(number);
    if (links) out.push(el("h3", {}, "Its sub-calls"), links);
    out.push(readLinks(row.read, "Its prompt held"), ...messages(row));
  }
  return out.flat().filter((part) => part !== null);
}
