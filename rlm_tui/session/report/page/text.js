// Blocks of text: code, outputs, replies and prompts. Long ones are shown piece by piece.

const FIRST = 20_000;
const NEXT = 200_000;
const GONE = "[this text is not kept with the session]";

const PYTHON = new RegExp(
  [
    "(#[^\\n]*)",
    "((?:\\b[rbfuRBFU]{1,2})?(?:'''[\\s\\S]*?(?:'''|$)|\"\"\"[\\s\\S]*?(?:\"\"\"|$)|'(?:\\\\.|[^'\\\\\\n])*'?|\"(?:\\\\.|[^\"\\\\\\n])*\"?))",
    "\\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False)\\b",
    "\\b(llm_query(?:_batched)?|rlm_query(?:_batched)?|FINAL(?:_VAR)?|SUBMIT|SHOW_VARS|context|print)\\b",
    "\\b(\\d[\\w.]*)",
  ].join("|"),
  "g",
);
const TOKENS = [null, "t-c", "t-s", "t-k", "t-f", "t-n"];

/** Python in colours, as nodes. */
function python(code) {
  const out = [];
  let at = 0;
  for (const match of code.matchAll(PYTHON)) {
    const kind = match.slice(1).findIndex((group) => group !== undefined) + 1;
    if (match.index > at) out.push(code.slice(at, match.index));
    out.push(el("span", { class: TOKENS[kind] }, match[0]));
    at = match.index + match[0].length;
  }
  out.push(code.slice(at));
  return out;
}

function copyButton(string) {
  const button = el("button", { class: "copy", type: "button", title: "Copy this text" }, "copy");
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(string);
      button.textContent = "copied";
    } catch {
      // Pages from a disk may not write to the clipboard everywhere; the old way works there.
      const area = el("textarea", {});
      area.value = string;
      document.body.append(area);
      area.select();
      button.textContent = document.execCommand("copy") ? "copied" : "no clipboard";
      area.remove();
    }
    setTimeout(() => (button.textContent = "copy"), 1500);
  });
  return button;
}

/** The text in `holder`, and a button for what is left of a long one. */
function fill(holder, string) {
  const shown = visible(string);
  let at = Math.min(shown.length, FIRST);
  holder.append(shown.slice(0, at));
  if (at >= shown.length) return [];
  const button = el("button", { class: "more", type: "button" });
  const name = () => (button.textContent = `show more (${whole(shown.length - at)} characters are left)`);
  button.addEventListener("click", () => {
    holder.append(shown.slice(at, at + NEXT));
    at = Math.min(shown.length, at + NEXT);
    if (at >= shown.length) button.remove();
    else name();
  });
  name();
  return [button];
}

/** A block with a title; `prose` for what is read rather than looked at. */
function block(title, string, { prose = false, note = "", error = false } = {}) {
  const known = string ?? GONE;
  const body = prose ? el("div", { class: "prose" }) : el("pre", { tabindex: "0", "aria-label": title });
  const more = fill(body, known);
  return el("section", { class: error ? "block error" : "block" }, el("header", {}, el("b", {}, title), note, copyButton(known)), body, more);
}

/** The same, shut until somebody looks. Nothing of it is made before. */
function shutBlock(title, number, note) {
  const details = el("details", { class: "block" }, el("summary", {}, el("b", {}, title), el("span", { class: "about" }, note ?? "")));
  details.addEventListener("toggle", () => {
    if (!details.open || details.dataset.made) return;
    details.dataset.made = "yes";
    const known = text(number) ?? GONE;
    const body = el("pre", { tabindex: "0", "aria-label": title });
    details.querySelector("summary").append(copyButton(known));
    const more = fill(body, known);
    details.append(body, ...more);
    highlight(details);
  });
  return details;
}

function codeBlock(title, string, note, errorLine) {
  const known = visible(string ?? GONE).replace(/\n+$/, "");
  const lines = known.split("\n");
  const numbers = el("pre", { class: "nums", "aria-hidden": "true" });
  lines.forEach((_, n) => numbers.append(n + 1 === errorLine ? el("span", { class: "hit" }, String(n + 1)) : String(n + 1), "\n"));
  const code = el("pre", { tabindex: "0", "aria-label": title }, known.length > FIRST ? known : python(known));
  return el("section", { class: "block" }, el("header", {}, el("b", {}, title), note ?? "", copyButton(known)), el("div", { class: "code" }, numbers, code));
}

/** A few words about a piece of code: its first comment, or the first line that does something. */
function gist(code) {
  let first = "";
  for (const raw of code.slice(0, 4000).split("\n")) {
    const line = raw.trim();
    if (line.startsWith("#") && line.replace(/^[#!\- ]+/, "")) return oneLine(line.replace(/^[#!\- ]+/, ""));
    if (line && !first && !/^(import |from \S+ import |pass$|"""|'''|[\])}]+$)/.test(line)) first = line;
  }
  return oneLine(first);
}
