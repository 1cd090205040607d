// What everything else is made of: the data, elements, and figures as people read them.

const session = JSON.parse(document.getElementById("session").textContent);
const rows = session.rows;
const byKey = new Map(rows.map((row, number) => [row.key, number]));
const chunks = new Map();

/** A text by its number, or null where the session doesn't have it. A piece is read when one of its texts is asked for. */
function text(number) {
  if (number === null || number === undefined) return null;
  const [chunk, place] = session.places[number];
  if (!chunks.has(chunk)) chunks.set(chunk, JSON.parse(document.getElementById(`texts-${chunk}`).textContent));
  return chunks.get(chunk)[place];
}

const $ = (id) => document.getElementById(id);

/** An element. Strings among its children become text, never markup. */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [property, worth] of Object.entries(value)) element.style.setProperty(property, worth);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

/** A text in which nothing hides and nothing turns the direction of what follows. */
function visible(string) {
  return string.replace(/\r\n/g, "\n").replace(HIDDEN, (character) => {
    const code = character.codePointAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "␡";
    if (code < 0xa0) return "␦";
    if (code === 0x2028 || code === 0x2029) return "␤";
    if (code >= 0xd800 && code <= 0xdfff) return "�";
    return /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/.test(character) ? "⇄" : "·";
  });
}

const oneLine = (string) => visible(string.slice(0, 400).replace(/\s+/g, " ").trim());

function count(number) {
  if (number < 1000) return String(Math.round(number));
  for (const unit of "kMGT") {
    number /= 1000;
    if (number < 9.95) return number.toFixed(1) + unit;
    if (number < 999.5) return Math.round(number) + unit;
  }
  return "∞";
}

const whole = (number) => number.toLocaleString("en-US");
const plural = (number, noun) => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;

function dollars(amount) {
  if (!(amount > 0)) return "$0.00";
  if (amount < 0.0001) return "<$0.0001";
  if (amount < 0.001) return "$" + amount.toFixed(4);
  if (amount < 0.00995) return "$" + amount.toFixed(3);
  return "$" + (amount < 1000 ? amount.toFixed(2) : whole(Math.round(amount)));
}

/** What a usage cost; `?` where no price is known, never 0. */
function price(usage) {
  if (!usage.unpriced) return dollars(usage.cost ?? 0);
  return usage.cost > 0 ? dollars(usage.cost) + "+?" : "?";
}

const about = (usage) => (usage.estimated ? "~" : "");
const tokens = (usage) => (usage.input ?? 0) + (usage.output ?? 0);

function duration(seconds) {
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = String(Math.floor(seconds % 60)).padStart(2, "0");
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** Never 0 % for something and never 100 % for less than all. */
function percent(part) {
  const share = 100 * part;
  if (share > 0 && share < 1) return "<1%";
  if (share > 99 && share < 100) return "99%";
  return `${Math.round(share)}%`;
}

const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A canvas context whose unit is a CSS pixel. */
function canvasOf(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return context;
}
