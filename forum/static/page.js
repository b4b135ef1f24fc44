/*
  What the scripts of a page share: its words, the one way from text to HTML, requests, storage, keys and times of day.
  Pages work without any script; these only make them more comfortable.
*/

const { base = "", member = "", zone } = document.body.dataset;
export { base, member };

/* Words -------------------------------------------------------------------------------------- */

const words = Object.assign({}, ...[...document.querySelectorAll("[data-words]")].map((element) => element.dataset));

/** Return a sentence that the server put into the page, with its %(name)s filled. */
export function say(name, values = {}) {
  const key = name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return (words[key] ?? "").replace(/%\((\w+)\)s/g, (_, value) => values[value]);
}

const status = make("div", { class: "vh", role: "status" });
document.body.append(status);

/** Let screen readers say a sentence once what they are saying is said. */
export function announce(sentence) {
  status.textContent = "";
  setTimeout(() => (status.textContent = sentence), 100);
}

/* Elements ----------------------------------------------------------------------------------- */

const policy = globalThis.trustedTypes?.createPolicy("koinon", { createHTML: (html) => html });

/** Turn HTML that this forum's server has sent (a post, a preview, a notice) into elements. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function icon(name) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${words.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** Say on a topic's page how many replies it has now, in the words of a template that the server has sent. */
export function tellReplies(count) {
  const texts = { "[data-replies-said]": count?.content.textContent, "[data-replies-counted]": count?.dataset.replies };
  for (const [place, text] of Object.entries(texts)) {
    const element = text && document.querySelector(place);
    if (element) element.textContent = text;
  }
}

/* Requests ----------------------------------------------------------------------------------- */

/** Return the path a form is sent to; `form.action` may be a button of that name. */
export function pathOf(form) {
  return new URL(form.getAttribute("action") ?? "", location.href).pathname;
}

let token = document.body.dataset.csrf;

/** Post a form's fields to a path of the forum; a redirect is not followed (its status is 0). */
export function send(path, fields, { keepalive = false } = {}) {
  return fetch(base + path, {
    method: "POST",
    headers: { "X-CSRF-Token": token, "X-Requested-With": "fetch" },
    body: new URLSearchParams(fields),
    redirect: "manual",
    keepalive,
  });
}

/** Post a file to a path of the forum, telling how much of it is sent, from 0 to 1; fetch cannot tell that. */
export function sendFile(path, file, tell, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fields = new FormData();
    fields.append("file", file, file.name);
    request.upload.addEventListener("progress", ({ loaded, total }) => tell(loaded / total));
    request.addEventListener("load", () => resolve({
      status: request.status, text: request.responseText, type: request.getResponseHeader("Content-Type") ?? "",
    }));
    request.addEventListener("error", () => reject(new TypeError("not sent")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", base + path);
    request.setRequestHeader("X-CSRF-Token", token);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.send(fields);
  });
}

/** After the same member has signed in again elsewhere: take over the new session's token; say whether there was one. */
export async function renewToken() {
  const html = await (await fetch(`${base}/help`)).text();
  const read = (name) => html.match(new RegExp(`<body[^>]*\\sdata-${name}="([^"]*)"`))?.[1];
  if (!member || read("member") !== member) return false;
  token = read("csrf");
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  return true;
}

/* What the browser keeps; in a private window it may keep nothing ----------------------------- */

export const kept = {
  get(name, storage = localStorage) {
    try {
      return storage.getItem(`koinon-${name}`);
    } catch {
      return null;
    }
  },
  /** Keep a text, or with null forget it; say whether that was possible. */
  set(name, value, storage = localStorage) {
    try {
      if (value === null) storage.removeItem(`koinon-${name}`);
      else storage.setItem(`koinon-${name}`, value);
      return true;
    } catch {
      return false;
    }
  },
  /** Forget all drafts, or all but one member's. */
  forgetDrafts(but = "") {
    try {
      for (const name of Object.keys(localStorage)) {
        if (name.startsWith("koinon-draft:") && !(but && name.startsWith(`koinon-draft:${but}:`))) {
          localStorage.removeItem(name);
        }
      }
    } catch {
      /* nothing is kept */
    }
  },
};

/* Keys --------------------------------------------------------------------------------------- */

/** Return the Latin letter of a key, by its place where the layout has other letters (J for ξ), else what it writes. */
export function letterOf({ key, code }) {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const isElsewhere = /^\p{L}$/u.test(key) || isGreekQuestion({ key, code });
  return isElsewhere && /^Key[A-Z]$/.test(code) ? code[3].toLowerCase() : key;
}

/** The Greek question mark looks like a semicolon and stands on the key that is Q elsewhere. */
export function isGreekQuestion({ key, code }) {
  return code === "KeyQ" && (key === ";" || key === "\u037e");
}

export const shortcuts = {
  get areOn() {
    return Boolean(member) && kept.get("keys") !== "off";
  },
  set areOn(value) {
    kept.set("keys", value ? null : "off");
  },
  /** Return which shortcut a key is; "" where it belongs to a field, a dialog or the browser (WCAG 2.1.4). */
  of(event) {
    const { target } = event;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return "";
    if (target.closest?.("input, textarea, select, [contenteditable]")) return "";
    if (document.querySelector("dialog[open]") || !shortcuts.areOn) return "";
    const letter = letterOf(event);
    return event.shiftKey && letter !== "?" && letter !== "/" ? "" : letter;
  },
};

/* Times in the reader's zone ------------------------------------------------------------------ */

const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone,
  hourCycle: "h23",
  ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" },
});

/** Return a moment's day (31/12/2026), its time (18:00), and a number that grows by one a day. */
export function local(moment) {
  const { year, month, day, hour, minute } = Object.fromEntries(
    format.formatToParts(moment).map(({ type, value }) => [type, value]),
  );
  return { day: `${day}/${month}/${year}`, time: `${hour}:${minute}`, number: Date.UTC(year, month - 1, day) / 864e5 };
}
