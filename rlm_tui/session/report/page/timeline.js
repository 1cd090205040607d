// When everything happened: a bar for each turn, cell and sub-call, side by side where they ran at once.

const LANE = 9;
const MOST_LANES = 12;

class Timeline {
  constructor(choose) {
    this.choose = choose;
    this.chosen = 0;
    this.total = Math.max(session.seconds, 0.001);
    this.bars = [];
    rows.forEach((row, number) => {
      if (row.kind === "node") return;
      if (row.kind !== "probe") this.bars.push({ number, kind: row.kind, start: row.start, end: row.end, bad: row.status === "failed" });
      for (const cell of row.cells ?? []) this.bars.push({ number, kind: "cell", start: cell.start, end: cell.end, bad: Boolean(cell.error) });
    });
    this.bars.sort((a, b) => a.start - b.start);
    this.stack();
    this.canvas = el("canvas", { role: "img", "aria-label": `Timeline of ${plural(this.bars.length, "call and cell")} over ${duration(this.total)}; the tree has the same in words` });
    this.tip = el("div", { class: "tip", hidden: true });
    this.element = el("div", { class: "timeline" }, this.canvas, this.tip);
    this.canvas.addEventListener("mousemove", (event) => this.hover(event));
    this.canvas.addEventListener("mouseleave", () => (this.tip.hidden = true));
    this.canvas.addEventListener("click", (event) => {
      const bar = this.at(event);
      if (bar) this.choose(bar.number);
    });
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** A lane for each bar: the first one that is free when it begins. */
  stack() {
    const free = [];
    for (const bar of this.bars) {
      let lane = free.findIndex((end) => end <= bar.start + 1e-9);
      if (lane < 0) lane = free.length < MOST_LANES ? free.length : MOST_LANES - 1;
      free[lane] = Math.max(free[lane] ?? 0, bar.end);
      bar.lane = lane;
    }
    this.height = Math.max(1, free.length) * LANE + 26;
  }

  draw() {
    const width = this.element.clientWidth;
    if (!width) return;
    this.width = width;
    this.canvas.style.setProperty("height", `${this.height}px`);
    const context = canvasOf(this.canvas, width, this.height);
    const colours = { turn: theme("--turn"), leaf: theme("--leaf"), extract: theme("--leaf"), compaction: theme("--leaf"), cell: theme("--cell") };
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = theme("--muted");
    context.strokeStyle = theme("--line");
    for (const tick of ticks(this.total, width)) {
      const x = this.x(tick);
      context.globalAlpha = 0.6;
      context.beginPath();
      context.moveTo(Math.round(x) + 0.5, 0);
      context.lineTo(Math.round(x) + 0.5, this.height - 16);
      context.stroke();
      context.globalAlpha = 1;
      const label = duration(tick);
      const room = context.measureText(label).width;
      context.fillText(tick === 0 ? "0" : label, Math.min(Math.max(2, x - room / 2), width - room - 4), this.height - 5);
    }
    for (const bar of this.bars) {
      const x = this.x(bar.start);
      const w = Math.max(2, this.x(bar.end) - x - 0.5);
      const chosen = bar.number === this.chosen;
      context.globalAlpha = chosen ? 1 : 0.75;
      context.fillStyle = bar.bad ? theme("--bad") : colours[bar.kind] ?? theme("--muted");
      context.beginPath();
      context.roundRect(x, 5 + bar.lane * LANE, w, LANE - 2, Math.min(2, w / 2));
      context.fill();
      if (chosen) {
        context.strokeStyle = theme("--ink");
        context.lineWidth = 1.5;
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  x(seconds) {
    return 12 + (seconds / this.total) * (this.width - 24);
  }

  /** The bar below the pointer, or the nearest one within some pixels. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = 7;
    for (const bar of this.bars) {
      const across = Math.max(this.x(bar.start) - x, x - Math.max(this.x(bar.end), this.x(bar.start) + 2), 0);
      const down = Math.abs(y - (5 + bar.lane * LANE + LANE / 2)) - LANE / 2;
      const far = across + Math.max(0, down) * 1.5;
      if (far < least) [best, least] = [bar, far];
    }
    return best;
  }

  hover(event) {
    const bar = this.at(event);
    this.tip.hidden = !bar;
    if (!bar) return;
    const { name, detail } = words(rows[bar.number]);
    this.tip.textContent = `${bar.kind === "cell" ? `code of ${name}` : name}, ${duration(bar.end - bar.start)}${detail ? ` · ${detail}` : ""}`;
    const x = Math.min(this.x(bar.start), this.width - this.tip.offsetWidth - 8);
    this.tip.style.setProperty("left", `${Math.max(4, x)}px`);
  }

  show(number) {
    this.chosen = number;
    this.draw();
  }
}

function ticks(total, width) {
  const rough = total / Math.max(2, width / 110);
  const unit = 10 ** Math.floor(Math.log10(rough));
  const clock = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = (rough > 5 && clock.find((size) => size >= rough)) || [1, 2, 5, 10].map((n) => n * unit).find((size) => size >= rough);
  const out = [];
  for (let n = 0; n * step <= total; n++) out.push(n * step);
  return out;
}
