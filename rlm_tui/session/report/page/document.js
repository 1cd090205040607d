// A document, and what was read of it: by models (seen) and by code (touched).

const WINDOW = 160;
const LINE_LIMIT = 3000;

/** Spans count characters as Python does; a character beyond the first 65,536 is two units of a string here. */
function inUnits(doc) {
  if (doc.unit) return doc;
  const body = text(doc.text) ?? "";
  const wide = [];
  if (/[\ud800-\udbff]/.test(body)) {
    let characters = 0;
    for (let at = 0; at < body.length; at++, characters++) if (body.codePointAt(at) > 0xffff) wide.push(characters), at++;
  }
  doc.unit = (character) => {
    let [low, high] = [0, wide.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (wide[middle] < character) low = middle + 1;
      else high = middle;
    }
    return character + low;
  };
  doc.size = doc.unit(doc.chars);
  if (wide.length) {
    for (const spans of [doc.spans.seen, doc.spans.touched, doc.seen.unread, ...doc.readings.map((reading) => reading[3])]) {
      for (const span of spans) [span[0], span[1]] = [doc.unit(span[0]), doc.unit(span[1])];
    }
  }
  return doc;
}

class DocumentView {
  constructor() {
    this.number = 0;
    this.char = 0;
    this.starts = new Map();
  }

  get document() {
    return inUnits(session.documents[this.number]);
  }

  /** Where the lines of the document begin. */
  lines() {
    if (!this.starts.has(this.number)) {
      const body = text(this.document.text) ?? "";
      const starts = [0];
      for (let at = body.indexOf("\n"); at >= 0; at = body.indexOf("\n", at + 1)) starts.push(at + 1);
      if (starts.length > 1 && starts.at(-1) === body.length) starts.pop();
      this.starts.set(this.number, starts);
    }
    return this.starts.get(this.number);
  }

  lineOf(char) {
    const starts = this.lines();
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= char) low = middle;
      else high = middle;
    }
    return low;
  }

  build() {
    if (!session.documents.length) return el("div", { class: "empty" }, "This session has no documents.");
    this.top = el("div", { class: "top" });
    this.body = el("div", { class: "text", tabindex: "0", role: "region", "aria-label": "Text of the document" });
    this.side = el("aside", { class: "side", "aria-label": "Who read it" });
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest(".l");
      if (line && !String(getSelection())) this.mark(Number(line.dataset.char));
    });
    const element = el("div", { class: "docs" }, this.top, this.body, this.side);
    new ResizeObserver(() => this.strips()).observe(this.top);
    this.show(this.number, this.char);
    return element;
  }

  show(number, char) {
    this.number = number;
    this.char = Math.max(0, Math.min(char, Math.max(0, this.document.size - 1)));
    this.head();
    this.page();
    this.readers();
    this.strips();
  }

  mark(char) {
    this.char = char;
    this.body.querySelectorAll(".here").forEach((line) => line.classList.remove("here"));
    this.body.querySelector(`[data-char="${this.lines()[this.lineOf(char)]}"]`)?.classList.add("here");
    this.readers();
    this.strips();
  }

  head() {
    const { document: doc } = this;
    const picks = session.documents.map((other, n) =>
      el("button", { class: "link", type: "button", "aria-pressed": String(n === this.number), onclick: () => this.show(n, 0) }, `${oneLine(other.name)} · ${percent(other.seen.part)} seen`),
    );
    this.strip = { seen: el("canvas", { "aria-hidden": "true" }), touched: el("canvas", { "aria-hidden": "true" }) };
    for (const canvas of Object.values(this.strip)) {
      canvas.addEventListener("click", (event) => this.show(this.number, Math.floor((event.offsetX / canvas.clientWidth) * doc.size)));
    }
    const handed = doc.handed ? ` (${whole(doc.handed)} of them only as the context of a child node, in no prompt)` : "";
    const again = doc.seen.again ? `; ${plural(doc.seen.again, "character")} seen more than once` : "";
    this.top.replaceChildren(
      el("div", { class: "pick" }, picks),
      el("p", { class: "muted" }, `${plural(doc.chars, "character")}, ${plural(doc.lines, "line")}, ${oneLine(doc.format)}. A model saw ${whole(doc.seen.chars)}${handed}, code touched ${whole(doc.touched.chars)}${again}.`),
      el("div", { class: "strip" }, el("span", {}, `seen by a model ${percent(doc.seen.part)}`), this.strip.seen),
      el("div", { class: "strip" }, el("span", {}, `touched by code ${percent(doc.touched.part)}`), this.strip.touched),
      el(
        "div", { class: "legend" },
        el("span", {}, el("i", { style: { background: "var(--seen)" } }), "seen by a model"),
        el("span", {}, el("i", { style: { background: "var(--touched)" } }), "touched by code only"),
        el("span", {}, el("i", {}), "nobody read it"),
        el("span", { class: "steps" }, el("button", { class: "link", type: "button", onclick: () => this.unread(-1) }, "previous unread ", el("kbd", {}, "[")), el("button", { class: "link", type: "button", onclick: () => this.unread(1) }, "next unread ", el("kbd", {}, "]"))),
      ),
    );
  }

  strips() {
    if (!this.strip) return;
    for (const [strength, canvas] of Object.entries(this.strip)) {
      const width = canvas.clientWidth;
      if (!width) continue;
      const context = canvasOf(canvas, width, 16);
      const name = strength === "seen" ? "--heat-" : "--green-";
      const heat = this.document.heat[strength];
      heat.forEach((value, n) => {
        if (!value) return;
        context.fillStyle = theme(name + (value === 1 ? 1 : value === 2 ? 2 : value <= 4 ? 3 : 4));
        context.fillRect(Math.floor((n * width) / heat.length), 0, Math.ceil(width / heat.length), 16);
      });
      context.fillStyle = theme("--ink");
      context.fillRect(Math.min(width - 2, (this.char / Math.max(1, this.document.size)) * width), 0, 2, 16);
    }
  }

  /** The lines around the place. */
  page() {
    const body = text(this.document.text);
    if (body === null) {
      const why = session.redacted ? "Its text was left out of this page." : "Its text is not part of this page.";
      this.body.replaceChildren(el("div", { class: "empty" }, why));
      return;
    }
    const starts = this.lines();
    const here = this.lineOf(this.char);
    const first = Math.max(0, here - WINDOW / 4);
    const last = Math.min(starts.length, first + WINDOW);
    const lines = [];
    if (first > 0) lines.push(el("button", { class: "more", type: "button", onclick: () => this.show(this.number, starts[Math.max(0, first - 1)]) }, `${plural(first, "line")} before`));
    for (let n = first; n < last; n++) lines.push(this.line(body, starts, n, n === here));
    if (last < starts.length) lines.push(el("button", { class: "more", type: "button", onclick: () => this.show(this.number, starts[last]) }, `${plural(starts.length - last, "line")} after`));
    this.body.replaceChildren(...lines);
    const shown = this.body.querySelector(".here");
    if (shown) this.body.scrollTop = Math.max(0, shown.offsetTop - this.body.offsetTop - this.body.clientHeight / 4);
    highlight(this.body);
  }

  line(body, starts, n, here) {
    const from = starts[n];
    const end = Math.min(n + 1 < starts.length ? starts[n + 1] - 1 : body.length, from + LINE_LIMIT);
    const holder = el("span", {});
    for (const [start, stop, kind] of this.parts(from, end)) {
      const piece = visible(body.slice(start, stop));
      holder.append(kind ? el("span", { class: kind }, piece) : piece);
    }
    return el("div", { class: here ? "l here" : "l", "data-char": from }, el("span", {}, whole(n + 1)), holder);
  }

  /** The characters from `from` to `end` in pieces of one kind. */
  parts(from, end) {
    const cuts = new Set([from, end]);
    for (const strength of ["seen", "touched"]) {
      for (const [start, stop] of this.near(strength, from, end)) {
        if (start > from) cuts.add(start);
        if (stop < end) cuts.add(stop);
      }
    }
    const points = [...cuts].sort((a, b) => a - b);
    const inside = (strength, at) => this.near(strength, at, at + 1).length > 0;
    return points.slice(0, -1).map((start, n) => [start, points[n + 1], inside("seen", start) ? "seen" : inside("touched", start) ? "touched" : ""]);
  }

  /** The spans that overlap a range; they are sorted and disjoint. */
  near(strength, from, end) {
    const spans = this.document.spans[strength];
    let [low, high] = [0, spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (spans[middle][1] > from) high = middle;
      else low = middle + 1;
    }
    const out = [];
    for (let n = low; n < spans.length && spans[n][0] < end; n++) out.push(spans[n]);
    return out;
  }

  readers() {
    const start = this.document.text === null ? this.char : this.lines()[this.lineOf(this.char)];
    const next = this.document.text === null ? this.char + 1 : (this.lines()[this.lineOf(this.char) + 1] ?? this.document.size);
    const found = this.document.readings.filter(([, , , spans]) => spans.some(([a, b]) => a < Math.max(next, start + 1) && b > start));
    const list = (title, strength, none) => {
      const who = found.filter((reading) => reading[2] === strength);
      const links = who.slice(0, 40).map(([source, what]) => {
        const number = byKey.get(source) ?? rows.findIndex((row) => row.cells?.some((cell) => cell.id === source));
        return el("button", { class: "link", type: "button", disabled: number < 0, onclick: () => go("run", number) }, oneLine(what));
      });
      return el("section", {}, el("h3", {}, title), links.length ? links : el("p", { class: "muted" }, none), who.length > 40 ? el("p", { class: "muted" }, `and ${who.length - 40} more`) : null);
    };
    const unread = this.document.seen.unread;
    const regions = unread.slice(0, 60).map(([from, to, line]) =>
      el("button", { class: "link", type: "button", onclick: () => this.show(this.number, from) }, `${line ? `line ${whole(line)}, ` : ""}${plural(to - from, "character")}`),
    );
    const place = this.document.text === null ? `Character ${whole(this.char)}` : `Line ${whole(this.lineOf(this.char) + 1)}`;
    this.side.replaceChildren(
      list(`${place}: seen by`, "seen", "No model saw it."),
      list("Touched by", "touched", "No code went over it."),
      el("section", {}, el("h3", {}, unread.length ? `Seen by no model: ${plural(unread.length, "region")}` : "Models saw all of it"), regions, unread.length > 60 ? el("p", { class: "muted" }, `and ${unread.length - 60} more`) : null),
    );
  }

  /** To the next region that no model saw, around the end. */
  unread(by) {
    const regions = this.document.seen.unread;
    if (!regions.length) return;
    const ahead = by > 0 ? regions.find((region) => region[0] > this.char) ?? regions[0] : regions.findLast((region) => region[0] < this.char) ?? regions.at(-1);
    this.show(this.number, ahead[0]);
  }

  step(lines) {
    if (this.document.text === null) return;
    const starts = this.lines();
    const line = Math.max(0, Math.min(starts.length - 1, this.lineOf(this.char) + lines));
    const shown = this.body.querySelector(`[data-char="${starts[line]}"]`);
    if (!shown) return this.show(this.number, starts[line]);
    this.mark(starts[line]);
    shown.scrollIntoView({ block: "nearest" });
  }
}
