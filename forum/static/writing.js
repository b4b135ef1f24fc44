/*
  On pages with a text to write (a form with `data-place` and a `textarea.area`): toolbar, preview, completion, drafts,
  quotations, and replies that need no new page. The form works as it is, whatever of this fails.
*/

import "./elements.js";
import {
  announce, base, fragment, icon, kept, letterOf, local, make, member, pathOf, renewToken, say, send, shortcuts,
  tellReplies,
} from "./page.js";

const IDLE = 2000; // milliseconds without a key before the server is sent the draft
const TOOLS = {
  bold: "bold", italic: "italic", "header-2": "heading", quote: "quote", "unordered-list": "list",
  "ordered-list": "list-ordered", "task-list": "list-checks", link: "link", code: "code", mention: "at-sign",
  emoji: "smile",
};
const KEYS = { b: "bold", i: "italic", k: "link" };

const form = document.querySelector("form[data-place]:has(textarea.area)");
const area = form?.querySelector("textarea.area");
const title = form?.elements.title;
const path = form ? pathOf(form).slice(base.length) : "";
const mainButton = form?.querySelector(".actions .btn:not([type=button], a)");

function changed() {
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/* Toolbar --------------------------------------------------------------------------------------- */

function tool([name, picture]) {
  const key = Object.keys(KEYS).find((letter) => KEYS[letter] === name);
  const label = say(picture);
  const button = make("button", {
    type: "button", class: "tool", "data-md-button": name, "aria-label": label,
    title: key ? `${label} (Ctrl+${key.toUpperCase()})` : label,
  }, icon(picture));
  if (key) button.setAttribute("aria-keyshortcuts", `Control+${key.toUpperCase()}`);
  return button;
}

function makeToolbar() {
  const toolbar = make("markdown-toolbar", {
    class: "toolbar", for: area.id, "aria-label": say("toolbar"), "aria-controls": area.id,
  });
  toolbar.append(...Object.entries(TOOLS).map(tool));
  toolbar.querySelector("[data-md-button=emoji]").addEventListener("click", () => {
    area.focus();
    const before = area.value.slice(0, area.selectionStart);
    area.setRangeText(/\S$/.test(before) ? " :" : ":", area.selectionStart, area.selectionEnd, "end");
    changed();
  });
  return toolbar;
}

/** One stop for Tab, the last used button; the element itself sees to the arrow keys. */
function keepOneStop(toolbar) {
  const buttons = [...toolbar.children];
  const stopAt = (chosen) => buttons.forEach((button) => (button.tabIndex = button === chosen ? 0 : -1));
  toolbar.removeAttribute("tabindex");
  toolbar.addEventListener("focusin", ({ target }) => stopAt(target));
  stopAt(buttons[0]);
}

/* Text | Preview -------------------------------------------------------------------------------- */

/** Return two buttons, of which one is pressed, and a function that presses one. */
function makeSwitch(panels, onChange) {
  const buttons = Object.keys(panels).map((name) => make("button", { type: "button", "data-shows": name }, say(name)));
  const show = (chosen) => {
    panels.preview.style.minBlockSize = `${panels.text.offsetHeight || panels.preview.offsetHeight}px`;
    for (const button of buttons) {
      const is = button.dataset.shows === chosen;
      button.setAttribute("aria-pressed", String(is));
      panels[button.dataset.shows].hidden = !is;
    }
    onChange(chosen);
  };
  const group = make("div", { class: "switch", role: "group", "aria-label": say("switch") }, ...buttons);
  group.addEventListener("click", ({ target }) => target.dataset.shows && show(target.dataset.shows));
  return { group, show };
}

async function showPreview(panel) {
  panel.setAttribute("aria-busy", "true");
  let shown = [make("p", { class: "soft" }, say("previewEmpty"))];
  if (area.value.trim()) {
    try {
      const answer = await send("/preview", { body: area.value });
      if (answer.ok) shown = [fragment(await answer.text())];
      else shown = [make("p", {}, answer.status === 422 ? await answer.text() : say("previewFailed"))];
    } catch {
      shown = [make("p", {}, say("previewFailed"))];
    }
  }
  panel.replaceChildren(...shown);
  panel.removeAttribute("aria-busy");
}

/* Completion of @members and :emoji ------------------------------------------------------------- */

const answers = new Map();
let asked = 0;

async function complete(list, query) {
  const turn = ++asked;
  await new Promise((resolve) => setTimeout(resolve, 120));
  if (turn !== asked) return new Promise(() => {}); // a later key asks anew; the list stays as it is until then
  const address = `${base}/completions/${list}?q=${encodeURIComponent(query)}`;
  if (!answers.has(address)) {
    try {
      answers.set(address, (await (await fetch(address, { redirect: "error" })).json()).items);
    } catch {
      return { matched: false };
    }
  }
  const items = answers.get(address);
  if (turn !== asked) return new Promise(() => {});
  const options = items.map(({ value, name, note }, at) => make("li", {
    role: "option", id: `suggestion-${at}`, "data-value": value, "aria-selected": "false",
  }, list === "emoji" ? make("span", { class: "glyph" }, value) : "", make("b", {}, name), make("span", {}, note ?? "")));
  const menu = make("ul", { class: "suggestions", role: "listbox", "aria-label": say(list) }, ...options);
  requestAnimationFrame(() => keepInside(menu));
  return { matched: options.length > 0, fragment: menu };
}

function keepInside(menu) {
  const beyond = menu.getBoundingClientRect().right - (document.documentElement.clientWidth - 8);
  if (beyond > 0) menu.style.left = `${parseFloat(getComputedStyle(menu).left) - beyond}px`;
}

function addCompletion() {
  const expander = make("text-expander", { keys: ": @" });
  const wasInFocus = document.activeElement === area;
  area.before(expander);
  expander.addEventListener("text-expander-change", ({ detail }) => {
    const { key, text, provide } = detail;
    const query = text.replaceAll(".", " ").trim();
    if (!/^\p{L}\S*$/u.test(text)) return;
    provide(complete(key === "@" ? "members" : "emoji", query));
  });
  expander.addEventListener("text-expander-value", ({ detail }) => (detail.value = detail.item.dataset.value));
  expander.addEventListener("text-expander-committed", changed);
  expander.append(area);
  if (wasInFocus) area.focus();
  return expander;
}

/* Drafts: in this browser at every key, on the server after a pause ------------------------------ */

const place = form?.dataset.place; // `topic:ID`, `category:SLUG` or `post:ID`, as in /drafts
const store = `draft:${member}:${place}`;
const inputs = () => [...form.querySelectorAll("[data-fields] :is(input, select, textarea)")].filter(({ name }) => name);
const isSaid = (input) => (input.type === "checkbox" ? input.checked : input.value);
const fields = () => Object.fromEntries(inputs().filter(isSaid).map((input) => [input.name, input.value]));
const written = () => ({ ...(title && { title: title.value }), body: area.value, fields: fields() });
const isEmpty = ({ title: words = "", body, fields: typed = {} }) =>
  !`${words}${body}`.trim() && Object.keys(typed).every((name) => name.includes("."));
const snapshot = () => JSON.stringify(written());
let saved = form && snapshot(); // what the server holds: the draft it filled the form with, or nothing new
let saving = Promise.resolve();
let underWay = 0; // drafts that the server has not answered yet
let isLeaving = false;
let later, soon, note;

/** Return the words as one text that does not depend on the order in which they were gathered. */
const sorted = ({ title: words = "", body, fields: typed }) => JSON.stringify([words, body, Object.entries(typed).sort()]);

function keepHere() {
  return kept.set(store, JSON.stringify({ ...written(), at: Date.now() }));
}

function onInput() {
  clearTimeout(soon);
  clearTimeout(later);
  soon = setTimeout(keepHere, 300);
  later = setTimeout(() => isSending || saveDraft(), IDLE); // else it could come after the post that ends it
}

function saveDraft({ keepalive = false } = {}) {
  clearTimeout(later);
  underWay += 1;
  saving = saving.then(async () => {
    const now = snapshot();
    if (now === saved) return;
    const { fields: typed, ...words } = written();
    const replyTo = form.elements.reply_to?.value;
    const sent = { place, ...words, ...typed, ...(replyTo && { reply_to: replyTo }) };
    try {
      const answer = await send("/drafts", sent, { keepalive });
      if (answer.status === 204) {
        saved = now;
        tellDraft(isEmpty(written()) ? "" : say("draftSaved", local(new Date())));
      } else tellDraft(say("draftHere"), true);
    } catch {
      tellDraft(say("draftHere"), true);
    }
  }).finally(() => (underWay -= 1));
  return saving;
}

/** Show what became of the draft; say it aloud once, and again only when it changes its nature. */
function tellDraft(sentence, isFault = false) {
  if (sentence && note.dataset.fault !== String(isFault)) announce(sentence);
  note.dataset.fault = String(isFault);
  note.textContent = sentence;
}

function forgetDraft() {
  clearTimeout(soon);
  clearTimeout(later);
  kept.set(store, null);
  saved = snapshot();
  tellDraft("");
  delete note.dataset.fault;
}

/** Offer what this browser kept if it is newer than what the server filled in: a crash came between. */
function offerKept(bar) {
  const found = JSON.parse(kept.get(store) ?? "null");
  if (!found) return;
  const { at, ...words } = { fields: {}, ...found };
  if (sorted(words) === sorted(written())) return;
  const isNewer = at > (Date.parse(form.dataset.draftAt ?? "") || 0);
  if (!isNewer || isEmpty(found)) {
    kept.set(store, null);
    return;
  }
  const { day, time } = local(found.at);
  const bring = make("button", { type: "button", class: "btn second small" }, say("bringBack"));
  const discard = make("button", { type: "button", class: "btn quiet small" }, say("discard"));
  const notice = make("div", { class: "notice tone-new", role: "status" }, icon("info"), make("div", {},
    make("p", {}, say("keptHere", { day, time })), make("p", { class: "row" }, bring, discard)));
  bring.addEventListener("click", () => {
    area.value = found.body;
    if (title) title.value = found.title ?? "";
    for (const input of inputs()) {
      const value = words.fields[input.name] ?? "";
      if (input.type === "checkbox") input.checked = Boolean(value);
      else input.value = value;
    }
    notice.remove();
    area.focus();
    changed();
  });
  discard.addEventListener("click", () => {
    kept.set(store, null);
    notice.remove();
    area.focus();
  });
  bar.before(notice);
}

/* Files ------------------------------------------------------------------------------------------ */

let taker; // loaded when there is a file

async function takeFiles(chosen) {
  const files = [...chosen]; // what was dropped or pasted is gone after this turn
  showText();
  taker ??= import("./attaching.js").then(({ attaching }) => attaching(form, area, changed));
  try {
    await (await taker).take(files);
  } catch {
    taker = undefined; // what takes files did not come: next time it is asked for anew
    tell(fault("attachFailed"), 0);
  }
}

function addFiles() {
  const input = form.querySelector("#attach-file");
  if (!input) return;
  input.removeAttribute("name"); // a script sends what is chosen, the form does not
  input.multiple = true;
  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = "";
    await takeFiles(files);
  });
  const holds = (data) => [...(data?.types ?? [])].includes("Files");
  area.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length || [...event.clipboardData.types].includes("text/plain")) return;
    event.preventDefault();
    takeFiles(files);
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      if (!holds(event.dataTransfer)) return;
      event.preventDefault();
      form.classList.toggle("is-target", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") takeFiles(event.dataTransfer.files);
    });
  }
}

/* Sending --------------------------------------------------------------------------------------- */

let isSending = false;
const isReplyHere = () => place.startsWith("topic:") && document.querySelector("main article.post");

function busy(is) {
  isSending = is;
  mainButton?.[is ? "setAttribute" : "removeAttribute"]("aria-disabled", "true");
}

async function onSubmit(event) {
  const act = event.submitter?.name === "action" ? event.submitter.value : "";
  if (act === "draft") {
    event.preventDefault();
    keepHere();
    await saveDraft();
    return;
  }
  if (Number(form.dataset.underWay ?? 0)) {
    event.preventDefault();
    form.querySelector(".answer")?.remove();
    tell(fault("attachWait"), 0);
    return;
  }
  if (isSending || (isReplyHere() && !event.defaultPrevented)) event.preventDefault();
  if (isSending) return;
  busy(true);
  clearTimeout(later);
  keepHere();
  if (isReplyHere()) {
    await reply();
    busy(false);
  } else {
    isLeaving = true;
    kept.set("sent", store, sessionStorage);
    if (!underWay) return;
    event.preventDefault(); // a draft under way must not arrive after what ends it
    const { submitter } = event;
    await saving;
    busy(false);
    form.requestSubmit(submitter);
  }
}

async function reply() {
  form.querySelector(".answer")?.remove();
  await saving; // a draft under way must not arrive after the post that ends it
  let answer;
  try {
    answer = await send(path, new FormData(form));
    const key = answer.headers.get("X-Idempotency-Key");
    if (key) form.elements.idempotency_key.value = key;
    if (answer.status === 201) return showReply(await answer.text());
    const elsewhere = answer.headers.get("X-Location");
    if (answer.ok && elsewhere) return goTo(elsewhere);
    tell(fragment(await answer.text()).querySelector(".notice") ?? fault("notSent"), answer.status);
  } catch {
    tell(fault("noNetwork"), 0);
  }
  if (answer?.status !== 422) saveDraft();
}

function fault(name) {
  return make("div", { class: "notice tone-bad", role: "alert" }, icon("triangle-alert"),
    make("div", {}, make("p", {}, say(name))));
}

/** Show why the reply did not go out, above the button; the text stays as it is. */
function tell(notice, status) {
  if (status === 401 || status === 403) {
    const way = make("a", { href: `${base}/login`, target: "_blank", rel: "noopener" }, say("signIn"));
    const given = notice.querySelector(`a[href^="${base}/login"]`);
    if (given) given.replaceWith(way);
    else if (status === 401) (notice.querySelector("div") ?? notice).append(make("p", {}, way));
    addEventListener("focus", () => renewToken().catch(() => false), { once: true });
  }
  const slot = make("div", { class: "answer" });
  form.querySelector(".actions").before(slot);
  slot.append(notice);
  if (status === 422) area.focus();
}

function goTo(address) {
  const to = new URL(address, location.href);
  if (to.origin !== location.origin) return;
  forgetWritten();
  isLeaving = true;
  location.assign(to);
}

function forgetWritten() {
  area.value = "";
  taker?.then((files) => files.clear());
  forgetDraft();
}

function showReply(html) {
  const sent = fragment(html);
  const article = sent.querySelector("article");
  tellReplies(sent.querySelector("template"));
  const here = document.getElementById(article.id); // live.js may have been told of it first
  if (here) here.replaceWith(article);
  else [...document.querySelectorAll("main article.post, main .act-line")].at(-1).after(article);
  const last = form.elements.last_number;
  if (last) last.value = Math.max(last.value, article.id.replace("post-", ""));
  forgetWritten();
  form.parentElement.querySelector("form[action$='/drafts/delete']")?.closest(".notice")?.remove();
  const answered = form.elements.reply_to;
  if (answered?.nextElementSibling?.matches("p")) answered.nextElementSibling.remove();
  answered?.remove();
  for (const name of ["koinon:added", "koinon:replied"]) document.dispatchEvent(new Event(name));
  article.focus({ preventScroll: true });
  article.scrollIntoView({ block: "nearest" });
  announce(say("published"));
}

/* Quotations ------------------------------------------------------------------------------------ */

/** Return the post that the selection stands in, and its text; nothing when it stands in none or in several. */
function selected() {
  const selection = getSelection();
  const posts = [selection.anchorNode, selection.focusNode].map((node) => {
    const element = node instanceof Element ? node : node?.parentElement;
    return element?.closest("article.post .post-body")?.closest("article");
  });
  const text = selection.toString().trim();
  return text && posts[0] && posts[0] === posts[1] ? { post: posts[0], text } : null;
}

function quote(post, text) {
  const author = post.querySelector(".post-by a").textContent.trim().replace(/[\\`*_[\]<>]/g, "\\$&");
  const head = say("quoted", { name: `**${author}**`, number: post.id.replace("post-", "") });
  const lines = [head, "", ...text.replace(/\n{3,}/g, "\n\n").split("\n")].map((line) => `> ${line}`.trimEnd());
  showText();
  const before = area.value.slice(0, area.selectionEnd).trimEnd();
  const put = `${before ? "\n\n" : ""}${lines.join("\n")}\n\n`;
  area.focus();
  area.setRangeText(put, before.length, area.selectionEnd, "end");
  area.scrollTop = area.scrollHeight;
  changed();
}

function onQuote(event) {
  const post = event.target.closest("[data-quote]")?.closest("article.post");
  if (!post) return;
  const chosen = selected();
  quote(post, chosen?.post === post ? chosen.text : post.querySelector(".post-body").innerText.trim());
}

/* All together ---------------------------------------------------------------------------------- */

let showText = () => {};

function onKeys(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const name = KEYS[letterOf(event)];
  if (event.key === "Enter") form.requestSubmit(mainButton);
  else if (name) form.querySelector(`[data-md-button=${name}]`).click();
  else return;
  event.preventDefault();
}

function start() {
  const expander = addCompletion();
  const text = make("div");
  const preview = make("div", { class: "preview", role: "region", tabindex: "0", "aria-label": say("preview") });
  const toolbar = makeToolbar();
  const bar = make("div", { class: "writing-bar" });
  note = make("p", { class: "draft-note" });
  expander.before(bar, text, preview);
  text.append(expander);
  const { group, show } = makeSwitch({ text, preview }, (shown) => {
    toolbar.inert = shown === "preview";
    if (shown === "preview") showPreview(preview);
  });
  bar.append(group, toolbar);
  (text.parentElement.querySelector(".wrong") ?? preview).after(note);
  keepOneStop(toolbar);
  showText = () => show("text");
  showText();
  form.classList.add("is-ready");
  offerKept(bar);
  addFiles();

  form.addEventListener("input", onInput);
  area.addEventListener("keydown", onKeys);
  form.addEventListener("submit", onSubmit);
}

if (form && member) {
  start();
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest("[data-quote]")) event.preventDefault(); // the selection stays
  });
  document.addEventListener("click", onQuote);
  document.addEventListener("keydown", (event) => {
    const chosen = selected();
    if (shortcuts.of(event) !== "q" || !chosen) return;
    event.preventDefault();
    quote(chosen.post, chosen.text);
  });
  document.addEventListener("submit", ({ target }) => {
    if (target === form || !pathOf(target).endsWith("/drafts/delete")) return;
    clearTimeout(later);
    kept.set(store, null);
    isLeaving = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || isLeaving) return;
    if (snapshot() !== saved) keepHere();
    if (!isSending) saveDraft({ keepalive: true });
  });
  addEventListener("pageshow", () => {
    busy(false);
    isLeaving = false;
  });
  addEventListener("beforeunload", (event) => {
    if (isLeaving || isSending || snapshot() === saved) return;
    keepHere();
    saveDraft();
    event.preventDefault();
  });
}
