/*
  What happens elsewhere while a page is looked at: new replies and edits on a topic's page, and how many notifications are unread.
  One stream a window that is seen; of the windows that nobody sees one keeps a stream for all.
*/

import { announce, base, fragment, icon, make, member, say, tellReplies } from "./page.js";

const topic = document.querySelector("[data-live]")?.dataset;
const name = `koinon-events-${member}`;
const others = new BroadcastChannel(name);
const hear = {
  "post.created": ({ is_own, number }) => is_own || ask(Math.min(lastHere(), number - 1)),
  "post.updated": ({ number }) => isHere(number) && ask(number - 1),
  "topic.updated": ({ is_own, act }) => is_own || /pin$/.test(act) || tellChange(),
  "notification.created": ({ unread_count: count }) => {
    showUnread(count);
    others.postMessage(count);
  },
  resync,
  closed: close,
};

/* The stream ------------------------------------------------------------------------------------ */

let source, later;
let tries = 0;
let missed = false;
let letGo = () => {};

function open() {
  clearTimeout(later);
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(`${base}/events${topic ? `?topic=${topic.live}&version=${topic.version}` : ""}`);
  source.addEventListener("open", () => (tries = 0));
  source.addEventListener("error", ({ target }) => {
    // Once it is closed the browser does not come back by itself: after a redirect, a refusal, a proxy's own page.
    if (target !== source || target.readyState !== EventSource.CLOSED || ++tries > 7) return;
    later = setTimeout(open, 5000 * 2 ** tries * (0.5 + Math.random()));
  });
  for (const [kind, act] of Object.entries(hear)) source.addEventListener(kind, ({ data }) => act(JSON.parse(data)));
}

function close() {
  clearTimeout(later);
  source?.close();
}

function onVisibility() {
  letGo();
  tries = 0;
  if (!document.hidden) {
    open();
    if (missed) resync();
    return;
  }
  close();
  const waiting = new AbortController();
  letGo = () => waiting.abort();
  const keep = () => new Promise((done) => {
    letGo = done;
    open();
  });
  navigator.locks?.request(name, { signal: waiting.signal }, keep).catch(() => {});
}

/** Show how many notifications are unread: beside the bell, in its name and before the title. */
export function showUnread(count) {
  const place = document.querySelector("[data-unread-count]");
  if (!place) return;
  const shown = count > 99 ? "99+" : String(count || "");
  place.textContent = shown;
  document.querySelector("[data-unread-label]").textContent = shown ? `${say("unread")}: ${shown}` : say("notifications");
  document.title = `${shown && `(${shown}) `}${document.title.replace(/^\([\d+]+\) /, "")}`;
}

function resync() {
  document.dispatchEvent(new Event("koinon:resync"));
  if (topic) ask((topic.page - 1) * 20);
}

/* New replies and edits on a topic's page ----------------------------------------------------------- */

const posts = () => [...document.querySelectorAll("main article.post")];
const numberOf = (post) => Number(post.id.slice(5));
const bar = make("div", { class: "live-bar", role: "status" });
const held = []; // replies that would push away what is being written
const changed = new Map(); // edits of posts that are being looked at
let since = Number(topic?.since); // the last post that the reader knows of
let from = Infinity;
let soon;

const isHere = (number) => document.getElementById(`post-${number}`) ?? held.some((post) => numberOf(post) === number);
const lastHere = () => numberOf(held.at(-1) ?? posts().at(-1));

/** Ask for the posts of this page beyond a number, a little later: many readers hear of the same at once. */
function ask(after) {
  if (document.hidden) return void (missed = true);
  from = Math.min(from, after);
  soon ??= setTimeout(async () => {
    const query = new URLSearchParams({ page: topic.page, first: from + 1, since });
    [from, missed] = [Infinity, false];
    try {
      const answer = await fetch(`${base}/topics/${topic.live}/posts/news?${query}`, {
        headers: { "X-Requested-With": "fetch" },
        redirect: "error",
      });
      if (!answer.ok) throw new Error(answer.status);
      take(fragment(await answer.text()));
    } catch {
      missed = true;
    }
    soon = undefined;
    if (from < Infinity) ask(from);
  }, 800 * Math.random());
}

function take(given) {
  tellReplies(given.querySelector("template[data-replies]"));
  for (const post of given.querySelectorAll("article.post")) {
    const here = document.getElementById(post.id);
    const kept = held.findIndex(({ id }) => id === post.id);
    if (kept >= 0) held[kept] = post;
    else if (!here) held.push(post);
    else if (here.isEqualNode(post)) changed.delete(here);
    else changed.set(here, post);
  }
  refresh();
  if (!isInTheWay()) put();
  const news = given.querySelector("template[data-news]");
  if (news) tellNews(news.dataset.news, news.content.firstElementChild);
}

const isSeen = ({ top, bottom }) => bottom > 0 && top < innerHeight;

/** Say whether new replies would come between what the reader sees and what they are writing below it. */
function isInTheWay() {
  const form = document.querySelector("form[data-place]");
  const end = posts().at(-1).getBoundingClientRect().bottom;
  const isWriting = form && (form.contains(document.activeElement) || form.querySelector("textarea").value.trim());
  return isWriting && end > 0 && end < innerHeight;
}

/** Change something above, below or between, and leave what is looked at where it is. */
function keepStill(change) {
  const anchor = [...document.querySelectorAll("main .column > *")].find((one) => {
    const box = one.getBoundingClientRect();
    return box.height && box.bottom > 0;
  });
  const before = anchor?.getBoundingClientRect().top;
  const root = document.documentElement;
  root.style.overflowAnchor = "none"; // or the browser would do the same once more
  change();
  if (anchor) scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
  requestAnimationFrame(() => (root.style.overflowAnchor = ""));
  document.dispatchEvent(new Event("koinon:added"));
}

function put() {
  const given = held.splice(0).filter(({ id }) => !document.getElementById(id)); // one's own is shown by writing.js
  if (!given.length) return;
  keepStill(() => [...document.querySelectorAll("main article.post, main .act-line")].at(-1).after(...given));
  const field = document.querySelector("form[data-place] [name=last_number]");
  if (field) field.value = lastHere();
}

/** Put edited posts in the place of the old ones, but not under the reader's eyes, focus or selection. */
function refresh() {
  for (const [here, post] of changed) {
    const isBusy = here.contains(document.activeElement) || getSelection().containsNode(here, true);
    if (isBusy || isSeen(here.getBoundingClientRect())) continue;
    changed.delete(here);
    keepStill(() => here.replaceWith(post));
  }
}

function tell(...said) {
  const dismiss = make("button", { class: "close", type: "button", "aria-label": say("close") }, icon("x"));
  dismiss.addEventListener("click", empty);
  const focused = bar.contains(document.activeElement) && document.activeElement.classList[0];
  bar.replaceChildren(...said, dismiss);
  if (focused) bar.querySelector(`.${focused}`).focus();
}

/** Take the bar away; who was in it goes on at the post that they see. */
function empty() {
  const isLeft = bar.contains(document.activeElement);
  bar.replaceChildren();
  if (isLeft) posts().find((post) => isSeen(post.getBoundingClientRect()))?.focus({ preventScroll: true });
}

function tellNews(sentence, way) {
  const first = posts().find((post) => numberOf(post) > since);
  if (!way && first && isSeen(first.getBoundingClientRect())) {
    since = lastHere();
    empty();
    return announce(sentence);
  }
  const show = make("button", { class: "btn small", type: "button" }, say("show"));
  show.addEventListener("click", () => {
    put();
    const post = posts().find((one) => numberOf(one) > since);
    know();
    post?.focus({ preventScroll: true });
    post?.scrollIntoView({ block: "start" });
  });
  tell(make("p", {}, sentence), way ?? show);
}

function tellChange() {
  const again = make("a", { class: "btn small", href: location.href }, say("again"));
  again.addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
  tell(make("p", {}, say("changed")), again);
}

/** The reader has come to all that is here. */
function know() {
  since = Math.max(since, numberOf(posts().at(-1)));
  empty();
}

let scrolled;

function onScroll() {
  scrolled ??= setTimeout(() => {
    scrolled = undefined;
    refresh();
    const first = posts().find((post) => numberOf(post) > since);
    if (first && isSeen(first.getBoundingClientRect()) && bar.querySelector("button.btn")) know();
  }, 200);
}

/* All together ------------------------------------------------------------------------------------- */

document.body.append(bar);
if (topic) {
  addEventListener("scroll", onScroll, { passive: true });
  document.addEventListener("koinon:replied", () => {
    know();
    put();
  });
}
others.addEventListener("message", ({ data }) => showUnread(data));
document.addEventListener("visibilitychange", onVisibility);
addEventListener("pagehide", () => {
  missed = true;
  close();
});
addEventListener("pageshow", ({ persisted }) => persisted && onVisibility());
onVisibility();
