/*
  A form whose work is long: done in pieces, with a bar that shows how far it is. Broken off, it can be gone on with.
*/

import { announce, make, say } from "./page.js";

const form = document.querySelector("form[data-pieces]");
const button = form.querySelector("button");
const all = Number(form.dataset.pieces);
const number = (value) => value.toLocaleString(document.documentElement.lang);

/** Have one piece done; return how many are left, or null where the server has to speak for itself on a page. */
async function piece() {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
    redirect: "manual",
  });
  return answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json") ? (await answer.json()).left : null;
}

function show(bar, said, left) {
  bar.value = all - left;
  said.textContent = say("underWay", { done: number(all - left), all: number(all) });
  announce(said.textContent);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  form.querySelector(".under-way")?.remove();
  const said = make("p", { id: "under-way" });
  const bar = make("progress", { max: all, "aria-labelledby": "under-way" });
  form.prepend(make("div", { class: "under-way" }, said, bar));
  show(bar, said, all);
  try {
    for (let left = all; left > 0; ) {
      const now = await piece();
      if (now === null) return form.submit();
      if (now === left) break;
      show(bar, said, (left = now));
    }
    location.reload();
  } catch {
    button.removeAttribute("aria-disabled");
    said.textContent = say("brokenOff");
    announce(said.textContent);
  }
});
