/*
  On every page: keyboard shortcuts with their list, times that stay true, messages that can be closed, and drafts of
  this browser that are no longer needed.
*/

import { announce, base, icon, isGreekQuestion, kept, local, make, member, pathOf, say, shortcuts } from "./page.js";

/* Times: relative ones stay fresh; the exact ones on demand ------------------------------------ */

const minutes = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
const exact = new WeakSet();

/** Say how long ago a moment was, in the same words as the server. */
function relative(time) {
  const moment = new Date(time.dateTime);
  const seconds = (Date.now() - moment) / 1000;
  if (seconds < -60) return time.title;
  if (seconds < 60) return say("justNow");
  if (seconds < 3600) return minutes.format(-Math.floor(seconds / 60), "minute");
  const then = local(moment);
  const days = local(new Date()).number - then.number;
  return days > 1 ? then.day : say(days ? "yesterday" : "today", then);
}

function write(time) {
  const text = exact.has(time) ? time.title : relative(time);
  if (time.textContent !== text) time.textContent = text;
}

function refresh() {
  for (const time of document.querySelectorAll("time[title]")) {
    if (!time.hasAttribute("tabindex") && !time.closest("a, button, summary")) {
      time.tabIndex = 0;
      time.setAttribute("role", "button");
    }
    write(time);
  }
}

function toggleAll() {
  const times = [...document.querySelectorAll("time[title]")];
  const isExact = times.some((time) => !exact.has(time));
  for (const time of times) exact[isExact ? "add" : "delete"](time);
  kept.set("times", isExact ? "exact" : null);
  refresh();
}

function toggle(event) {
  const time = event.target.closest?.("time[role=button]");
  if (!time) return;
  event.preventDefault();
  exact[exact.has(time) ? "delete" : "add"](time);
  write(time);
  announce(time.textContent);
}

document.addEventListener("click", toggle);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === " ") toggle(event);
});
document.addEventListener("koinon:added", refresh);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
setInterval(refresh, 60_000);
if (kept.get("times") === "exact") toggleAll();
refresh();

/* Shortcuts ----------------------------------------------------------------------------------- */

const all = (selector) => [...document.querySelectorAll(selector)];
const follow = (link) => link?.click();
const ROW = "article.post, main .column ul.list > li, table.topics tbody tr";
const rows = () => all(ROW);
const rowInFocus = () => document.activeElement.closest(ROW);

function focusRow(row) {
  if (!row) return;
  const isPost = row.matches("article");
  (isPost ? row : row.querySelector("h3 a, a"))?.focus({ preventScroll: true });
  row.scrollIntoView({ block: isPost ? "start" : "nearest" });
}

function step(by) {
  const list = rows();
  const at = list.indexOf(rowInFocus());
  if (at >= 0) return focusRow(list[at + by]);
  const below = list.findIndex((row) => row.getBoundingClientRect().bottom > 0);
  return focusRow(list[by > 0 ? below : below - 1] ?? list[0]);
}

function search() {
  const field = all("[role=search] input[type=search]").find((input) => input.checkVisibility());
  if (field) field.focus();
  else location.assign(`${base}/search`);
}

function reply() {
  const link = rowInFocus()?.querySelector('a[href*="/posts/new"]');
  const area = document.querySelector("form[data-place] textarea");
  if (link) follow(link);
  else if (area) area.focus();
  else follow(document.querySelector('main a[href*="/posts/new"]'));
}

function firstUnread() {
  const here = all("main #since ~ article.post")[0];
  if (here) focusRow(here);
  else follow(document.querySelector('main a[href*="unread=1"], main .rail a[href*="#post-"]'));
}

const ACTS = {
  gh: () => location.assign(`${base}/`),
  gm: () => location.assign(`${base}/municipalities`),
  gs: search,
  "/": search,
  j: () => step(1),
  k: () => step(-1),
  r: reply,
  n: () => follow(document.querySelector('main a[href*="/categories/"][href$="/new"]')),
  e: () => follow(rowInFocus()?.querySelector('a[href$="/edit"]')),
  u: firstUnread,
  t: toggleAll,
  "?": showKeys,
};
let before = "";
let waiting;

document.addEventListener("keydown", (event) => {
  let key = shortcuts.of(event);
  if (!key) return;
  if (isGreekQuestion(event) && getSelection().isCollapsed) key = "?";
  clearTimeout(waiting);
  const act = ACTS[before + key] ?? (before ? undefined : ACTS[key]);
  before = !before && key === "g" ? "g" : "";
  if (before) waiting = setTimeout(() => (before = ""), 1500);
  if (!act || (event.repeat && key !== "j" && key !== "k")) return;
  event.preventDefault();
  act();
});

const keys = document.querySelector("dialog.keys");

function showKeys() {
  keys.querySelector("input").checked = shortcuts.areOn;
  keys.showModal();
}

keys?.querySelector("input").addEventListener("change", ({ target }) => (shortcuts.areOn = target.checked));
document.addEventListener("click", (event) => {
  if (!keys || !event.target.closest("[data-keys]")) return;
  event.preventDefault();
  showKeys();
});

/* Messages ------------------------------------------------------------------------------------ */

for (const notice of all("main .notice[role=status]")) {
  const close = make("button", { class: "close", type: "button", "aria-label": say("close") }, icon("x"));
  close.addEventListener("click", () => {
    notice.remove();
    document.querySelector("main").focus({ preventScroll: true });
  });
  notice.append(close);
}

/* Drafts of this browser ------------------------------------------------------------------------ */

// A form that was sent, and a page that says it was done: what was kept of it is published.
const sent = kept.get("sent", sessionStorage);
if (sent && document.querySelector("main .notice[role=status]")) kept.set(sent, null);
kept.set("sent", null, sessionStorage);

// On a shared computer drafts are nobody else's to see: not after signing out (a page being left may still keep one
// after the first forgetting), and not once another member has signed in.
if (member) kept.forgetDrafts(member);
else if (kept.get("left", sessionStorage)) kept.forgetDrafts();
kept.set("left", null, sessionStorage);

document.addEventListener("submit", ({ target }) => {
  const path = pathOf(target);
  if (path === `${base}/logout`) kept.forgetDrafts();
  if (path === `${base}/logout` || path.startsWith(`${base}/settings/sessions/`)) kept.set("left", "yes", sessionStorage);
});

/* What happens elsewhere ------------------------------------------------------------------------ */

// Not before the page has been looked at for a moment: who only passes through needs no stream.
const listen = () => setTimeout(() => import("./live.js").catch(() => {}), 2000);
if (member && document.readyState === "complete") listen();
else if (member) addEventListener("load", listen, { once: true });

/* Work in pieces ------------------------------------------------------------------------------ */

if (document.querySelector("form[data-pieces]")) import("./pieces.js");
