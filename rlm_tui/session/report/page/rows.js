// The recursion tree: what its rows say, and the list that shows the few of them that fit on the screen.

const ROW = 26;
const SHUT = new Set();

/** What a row says: a sign and its tone, a name, and a few words. */
function words(row) {
  const [mark, tone] = sign(row);
  if (row.kind === "node") {
    const asked = row.level ? ` · ${oneLine(row.query)}` : "";
    return { mark, tone, name: row.name, detail: `depth ${row.depth}, ${oneLine(row.model)}${asked}` };
  }
  if (row.kind === "probe") return { mark, tone, name: "probe", detail: "the shape of the context" };
  const name = row.kind === "turn" ? `turn ${row.turn}` : row.kind === "leaf" ? `sub ${row.ordinal ?? ""}`.trim() : row.kind === "extract" ? "forced answer" : row.kind;
  return { mark, tone, name, detail: detailOf(row) };
}

function sign(row) {
  const cell = row.cells?.at(-1);
  if (row.status === "failed") return ["✗", "bad"];
  if (row.status === "partial") return ["◐", "warn"];
  if (row.status === "cancelled") return ["■", "muted"];
  if (cell && cell.status !== "ok") return cell.status === "proposed" ? ["·", "muted"] : ["✗", "bad"];
  if (["nudge", "repair", "refused"].includes(row.action)) return ["!", "warn"];
  if (["done", "completed", "ok", undefined].includes(row.status)) return ["✓", "ok"];
  return ["…", "muted"];
}

function detailOf(row) {
  if (row.fault) return oneLine(row.fault[1]);
  const cell = row.cells?.at(-1);
  if (cell) {
    if (cell.error) return oneLine(`${cell.error.type}: ${cell.error.message}`);
    const about = gist(text(cell.code) ?? "");
    return cell.final ? `answers · ${about}` : about;
  }
  if (row.kind === "turn") return { final: "answers in prose", nudge: "no code; reminded", repair: "asked to repeat", refused: "refused" }[row.action] ?? "";
  return `${row.degraded ? "(depth limit) " : ""}${where(row.read)}${oneLine(text(row.reply) ?? "")}`;
}

function where(spans) {
  if (!spans?.length) return "";
  const start = Math.min(...spans.map((span) => span[1]));
  const end = Math.max(...spans.map((span) => span[2]));
  const chars = spans.reduce((sum, span) => sum + span[2] - span[1], 0);
  const scattered = new Set(spans.map((span) => span[0])).size > 1 || chars < (end - start) * 0.7;
  return scattered ? `[${spans.length} parts ${count(chars)}] ` : `[${count(start)}-${count(end)}] `;
}

const hasChildren = (number) => number + 1 < rows.length && rows[number + 1].level > rows[number].level;
const isBad = (row) => row.status === "failed" || row.cells?.some((cell) => cell.error);

class Tree {
  constructor(choose) {
    this.choose = choose;
    this.chosen = 0;
    this.space = el("div", { class: "space", role: "presentation" });
    this.element = el("div", { class: "tree", role: "tree", tabindex: "0", "aria-label": "Recursion tree" }, this.space);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.flatten();
  }

  /** Which rows are not below a shut one. */
  flatten() {
    this.flat = [];
    let shutLevel = Infinity;
    rows.forEach((row, number) => {
      if (row.level > shutLevel) return;
      shutLevel = SHUT.has(number) ? row.level : Infinity;
      this.flat.push(number);
    });
    this.place = new Map(this.flat.map((number, place) => [number, place]));
    this.space.style.setProperty("height", `${this.flat.length * ROW}px`);
    this.draw();
  }

  draw() {
    const top = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 8);
    const bottom = Math.min(this.flat.length, Math.ceil((this.element.scrollTop + (this.element.clientHeight || 600)) / ROW) + 8);
    this.space.replaceChildren(...this.flat.slice(top, bottom).map((number, n) => this.row(number, top + n)));
    this.element.setAttribute("aria-activedescendant", `row-${this.chosen}`);
  }

  row(number, place) {
    const row = rows[number];
    const { mark, tone, name, detail } = words(row);
    const below = hasChildren(number);
    return el(
      "div",
      {
        class: "row", id: `row-${number}`, role: "treeitem", "data-row": number, "aria-level": row.level + 1,
        "aria-selected": String(number === this.chosen), "aria-expanded": below ? String(!SHUT.has(number)) : null,
        title: detail, style: { top: `${place * ROW}px`, "padding-left": `${6 + row.level * 16}px` },
      },
      el("span", { class: "fold", "aria-hidden": "true" }, below ? (SHUT.has(number) ? "▸" : "▾") : ""),
      el("span", { class: `mark ${tone}` }, mark),
      el("span", { class: `name k-${row.kind}` }, name),
      el("span", { class: "detail" }, detail),
      el("span", { class: "cost" }, row.usage.calls ? price(row.usage) : ""),
    );
  }

  clicked(event) {
    const number = Number(event.target.closest(".row")?.dataset.row ?? -1);
    if (number < 0) return;
    if (event.target.closest(".fold") && hasChildren(number)) this.toggle(number);
    else this.choose(number);
  }

  toggle(number, shut = !SHUT.has(number)) {
    if (shut) SHUT.add(number);
    else SHUT.delete(number);
    this.flatten();
  }

  /** Choose a row; opens what it is hidden below. */
  show(number) {
    this.chosen = number;
    let opened = false;
    for (let above = rows[number].parent; above >= 0; above = rows[above].parent) opened = SHUT.delete(above) || opened;
    if (opened) this.flatten();
    const top = this.place.get(number) * ROW;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top - ROW;
    else if (top + 2 * ROW > scrollTop + clientHeight) this.element.scrollTop = top + 2 * ROW - clientHeight;
    this.draw();
  }

  /** Move by some rows. */
  step(by) {
    const place = Math.min(this.flat.length - 1, Math.max(0, (this.place.get(this.chosen) ?? 0) + by));
    this.choose(this.flat[place]);
  }

  /** Left and right: shut or to the row above, open or to the first below. */
  fold(open) {
    const number = this.chosen;
    if (open && hasChildren(number)) {
      if (SHUT.has(number)) this.toggle(number, false);
      else this.choose(number + 1);
    } else if (!open && hasChildren(number) && !SHUT.has(number)) this.toggle(number, true);
    else if (!open && rows[number].parent >= 0) this.choose(rows[number].parent);
  }

  foldAll() {
    const any = SHUT.size > 0;
    SHUT.clear();
    if (!any) rows.forEach((row, number) => row.level && hasChildren(number) && SHUT.add(number));
    while (!any && !this.visibleNow(this.chosen)) this.chosen = rows[this.chosen].parent;
    this.flatten();
    this.choose(this.chosen);
  }

  visibleNow(number) {
    for (let above = rows[number].parent; above >= 0; above = rows[above].parent) if (SHUT.has(above)) return false;
    return true;
  }

  /** The next row, from the chosen one on and around, for which something holds. */
  next(holds, by = 1) {
    for (let n = 1; n <= rows.length; n++) {
      const number = (this.chosen + by * n + rows.length * n) % rows.length;
      if (holds(rows[number])) return this.choose(number);
    }
  }
}
