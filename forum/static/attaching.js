/*
  Files on their way to the forum, for writing.js and bringing.js: each with its progress, and what can be done when it
  does not arrive. For a text, what stands for a file is put into it, and of a picture what it shows.
*/

import { announce, base, icon, make, renewToken, say, sendFile, send } from "./page.js";

function button(word, name, act) {
  const made = make("button", { type: "button", class: "btn second small" }, say(word),
    make("span", { class: "vh" }, ` ${say("attachAbout", { name })}`));
  made.addEventListener("click", act);
  return made;
}

/**
 * Return what sends a file of a form, whose progress stands in a list: `done` is given its place there and what the forum
 * says of it, `back` puts the focus where it was.
 */
export function sending({ form, list, limit, back, done }) {
  function showFault(item, name, sentence, ...ways) {
    const dismiss = button("attachDismiss", name, () => item.remove());
    const said = make("div", {}, make("b", {}, say("notAttached", { name })), make("p", {}, sentence), ...ways);
    item.replaceChildren(icon("triangle-alert"), said, dismiss);
    item.className = "bad";
    announce(`${say("notAttached", { name })} ${sentence}`);
  }

  /** Say that a file did not arrive, by no fault of its own: it can be sent again, once signed in if need be. */
  function showMissing(item, file, isSignedOut = false) {
    const again = button("attachAgain", file.name, async () => {
      await renewToken().catch(() => false);
      item.remove();
      back();
      await bring(file);
    });
    if (!isSignedOut) return showFault(item, file.name, say("attachFailed"), again);
    const way = make("a", { href: `${base}/login`, target: "_blank", rel: "noopener" }, say("signIn"));
    showFault(item, file.name, say("attachSignedOut"), make("p", {}, way), again);
  }

  async function bring(file) {
    const item = make("li");
    const progress = make("progress", { max: "100", value: "0", "aria-label": say("attaching", { name: file.name }) });
    const ending = new AbortController();
    item.append(icon("paperclip"), make("div", {}, make("b", {}, file.name), progress), button("attachStop", file.name, () => ending.abort()));
    list.append(item);
    if (file.size > limit) {
      showFault(item, file.name, say("attachTooLarge", { n: Math.floor(limit / 1e6) }));
      return;
    }
    form.dataset.underWay = Number(form.dataset.underWay ?? 0) + 1;
    try {
      const answer = await sendFile("/attachments", file, (share) => {
        progress.value = 100 * share;
        if (share === 1) progress.removeAttribute("value"); // it is there, and looked into
      }, ending.signal);
      if (answer.status === 201) {
        const taken = JSON.parse(answer.text);
        done(item, taken);
        announce(say("attached", { name: taken.name }));
      } else if (answer.type.startsWith("text/plain")) showFault(item, file.name, answer.text);
      else showMissing(item, file, answer.status === 401);
    } catch (error) {
      if (error.name === "AbortError") item.remove();
      else showMissing(item, file);
    } finally {
      form.dataset.underWay = Number(form.dataset.underWay) - 1;
    }
  }

  return bring;
}

/** Show that a file has arrived, with the button that takes it away again. */
export function showTaken(item, { id, name }, shown, remove, ...more) {
  const button_ = button("attachRemove", name, async () => {
    item.remove();
    remove();
    await send(`/attachments/${id}/delete`, {}).catch(() => false);
  });
  item.replaceChildren(shown, make("div", {}, make("b", {}, name), ...more), button_);
}

/** Return what takes files for a form: a list of them stands at the end of its part for files. */
export function attaching(form, area, changed) {
  const part = form.querySelector(".attach");
  const list = make("ul", { class: "files", role: "list" });
  part.querySelector(".field").append(list);
  const back = () => area.focus();

  function put(markdown) {
    const end = area.selectionEnd;
    const before = area.value.slice(0, end);
    const gap = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    area.setRangeText(`${gap}${markdown}\n\n`, end, end, "end");
    changed();
  }

  /** Write anew what stands for a file; with null, take it out. */
  function write(id, alt) {
    const found = new RegExp(`!?\\[(?:[^\\]\\\\]|\\\\.)*\\]\\(/attachments/${id}\\)\\n{0,2}`, "g");
    const escaped = alt?.replace(/[\\`*_[\]<>:@~|]/g, "\\$&");
    area.value = area.value.replace(found, (all) => alt === null ? "" : `![${escaped}](/attachments/${id})${all.match(/\n*$/)[0]}`);
    changed();
  }

  function done(item, taken) {
    const { id, type, markdown } = taken;
    const more = [];
    if (type.startsWith("image/")) {
      const alt = make("input", { class: "input", id: `alt-${id}`, maxlength: "500", "aria-describedby": `alt-${id}-hint` });
      alt.addEventListener("input", () => write(id, alt.value.replace(/\s+/g, " ").trim()));
      alt.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
      more.push(make("label", { for: alt.id }, say("attachAlt")),
        make("p", { class: "hint", id: `alt-${id}-hint` }, say("attachAltHint")), alt);
    }
    const shown = type.startsWith("image/")
      ? make("img", { src: `${base}/attachments/${id}/preview`, alt: "" }) : icon("paperclip");
    showTaken(item, taken, shown, () => {
      write(id, null);
      back();
    }, ...more);
    put(markdown);
  }

  const bring = sending({ form, list, limit: Number(part.dataset.limit), back, done });

  return {
    async take(files) {
      part.open = true;
      for (const file of files) await bring(file);
    },
    /** Forget the list: what it told of is published. */
    clear() {
      list.replaceChildren();
      part.open = false;
    },
  };
}
