/*
  The form for a file of a guide (`data-brings`): what is chosen is sent at once, with its progress, and the form names it
  by its number. The form works as it is, whatever of this fails.
*/

import { sending, showTaken } from "./attaching.js";
import { icon, make, say } from "./page.js";

const form = document.querySelector("form[data-brings]");
const input = form.elements.file;
const named = form.elements.attachment;
const list = make("ul", { class: "files", role: "list" });
input.after(list);

const bring = sending({
  form,
  list,
  limit: Number(input.closest("[data-limit]").dataset.limit),
  back: () => input.focus(),
  done(item, taken) {
    if (!item.isConnected) return; // another was chosen meanwhile
    named.value = taken.id;
    input.value = "";
    input.required = false;
    showTaken(item, taken, icon("paperclip"), () => {
      named.value = "";
      input.required = true;
      input.focus();
    });
  },
});

input.addEventListener("change", async () => {
  const [file] = input.files;
  if (!file) return;
  list.replaceChildren(); // one at a time: the last one chosen counts
  named.value = "";
  await bring(file);
});

const waiting = make("p", { class: "wrong", role: "alert" });
list.after(waiting);

form.addEventListener("submit", (event) => {
  waiting.textContent = "";
  if (!Number(form.dataset.underWay ?? 0)) return;
  event.preventDefault();
  waiting.textContent = say("attachWait");
});
