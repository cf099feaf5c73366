// What the pages do beyond plain links and forms. They work without it; it writes text into the page, never markup.

const HTMX_PATIENCE_MS = 2000;
const NOTICE_MS = 10000;

const stored = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const store = (key, value) => { try { localStorage.setItem(key, value); } catch { /* the choice lasts one page */ } };

/* HTMX: from the CDN, or after two seconds from here; never both */

// Not id="htmx": the browser would make window.htmx that element.
const htmxScript = document.getElementById("htmx-script");
let parsed = false;
document.addEventListener("DOMContentLoaded", () => { parsed = true; }, { once: true });

// A script that arrives between "parsed" and "complete" waits for a DOMContentLoaded that is over: htmx would never start.
function startHtmx() {
  if (parsed && document.readyState !== "complete") document.dispatchEvent(new Event("DOMContentLoaded"));
}

function loadLocalHtmx() {
  if (window.htmx || !htmxScript.isConnected) return;
  document.implementation.createHTMLDocument("").adoptNode(htmxScript); // a script in another document never runs
  const local = document.createElement("script");
  local.src = htmxScript.dataset.fallback;
  local.integrity = htmxScript.integrity;
  local.addEventListener("load", startHtmx);
  document.head.append(local);
}

if (htmxScript) {
  htmxScript.addEventListener("load", startHtmx);
  htmxScript.addEventListener("error", loadLocalHtmx);
  setTimeout(loadLocalHtmx, HTMX_PATIENCE_MS);
}

/* Notices: what the server says out of band, and every failed request */

const liveNotices = document.getElementById("live-notices");

function notify(text, tone = "bad") {
  const notice = document.getElementById("notice-template").content.firstElementChild.cloneNode(true);
  notice.classList.add(tone);
  if (tone === "bad") notice.setAttribute("role", "alert");
  notice.querySelector("[data-text]").textContent = text;
  (document.querySelector("dialog[open]") ?? document.body).append(liveNotices); // what lies behind a dialog is not heard
  liveNotices.replaceChildren(notice);
  setTimeout(dropOldNotices, NOTICE_MS, [notice]);
}

function said(xhr) {
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const text = page.querySelector("[data-notice]")?.textContent.trim();
  return text || `That did not work: the server answered ${xhr.status}. Nothing was changed on this page.`;
}

document.addEventListener("htmx:responseError", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Redirect")) notify(said(event.detail.xhr));
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => notify("No answer from the server. Check the connection and try again."));
}
document.addEventListener("htmx:swapError", () => notify("The answer could not be shown. Load the page again."));
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target === liveNotices) setTimeout(dropOldNotices, NOTICE_MS, [...liveNotices.children]);
});

// Good news leaves by itself, unless it offers something to press or is being read.
function dropOldNotices(notices) {
  for (const notice of notices) {
    if (notice.matches(":hover, :focus-within")) setTimeout(dropOldNotices, NOTICE_MS, [notice]);
    else if (notice.matches(".ok") && !notice.querySelector("a, form")) notice.remove();
  }
}

/* In data-newest, of several requests for one place the newest counts: an answer to an older one is dropped */

const newest = new Map(); // the newest request for each place, by the place's id
const placeOf = new WeakMap();

function dropOlder(event) {
  const { xhr } = event.detail;
  if (placeOf.has(xhr) && newest.get(placeOf.get(xhr)) !== xhr) event.preventDefault();
}

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target, xhr } }) => {
  if (!elt.closest("[data-newest]")) return;
  newest.set(target.id, xhr);
  placeOf.set(xhr, target.id);
  elt.addEventListener("htmx:beforeOnLoad", dropOlder); // not on the document: by then it may be gone from the page
});

/* Clicks: confirm, copy, dismiss, print, theme, keys on or off */

document.addEventListener("click", (event) => {
  const asks = event.target.closest("[data-confirm]");
  if (!asks || confirm(asks.dataset.confirm)) return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return notify("The browser did not allow copying.", "warn");
  }
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1500);
  return notify(`Copied ${button.dataset.copy}`, "ok");
}

function showChoices() {
  const choices = { theme: document.documentElement.dataset.theme, keys: stored("keys") === "off" ? "off" : "on" };
  for (const button of document.querySelectorAll("[data-choice]")) {
    button.setAttribute("aria-pressed", String(choices[button.dataset.choice] === button.value));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-dismiss], [data-choice], [data-print]");
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (!button) return;
  if ("copy" in button.dataset) copy(button);
  else if ("dismiss" in button.dataset) button.closest(".notice").remove();
  else if ("print" in button.dataset) print();
  else {
    store(button.dataset.choice, button.value);
    document.dispatchEvent(new Event("optin:theme"));
    showChoices();
  }
});
showChoices();

/* What was refused at a field is no longer said once the field is changed */

document.addEventListener("input", ({ target }) => {
  const field = target.closest(".is-invalid");
  if (!field) return;
  field.classList.remove("is-invalid");
  field.removeAttribute("aria-invalid");
  document.getElementById(`${field.id}-error`)?.remove();
});

/* Dialogs: what arrives in a closed dialog opens it */

document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.detail.target.closest("dialog[data-sheet]");
  if (dialog && !dialog.open) dialog.showModal();
});

/* Keys: data-key="j" presses or focuses its element, unless somebody is typing; ? lists them; Escape leaves */

const usable = (element) => !element.disabled && element.checkVisibility();
const keyed = () => [...document.querySelectorAll("[data-key]")].filter(usable);
const TYPED = "input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select";
const isTyping = (element) => element.matches(TYPED) || element.isContentEditable;
const nameOf = (element) => element.dataset.keyName || element.getAttribute("aria-label") || element.textContent.trim();

function listKeys() {
  const dialog = document.getElementById("keys-help");
  const rows = keyed().flatMap((element) => {
    const term = document.createElement("dt");
    const name = document.createElement("dd");
    term.append(Object.assign(document.createElement("kbd"), { textContent: element.dataset.key }));
    name.textContent = nameOf(element).replace(/\s+/g, " ");
    return [term, name];
  });
  dialog.querySelector("dl").replaceChildren(...rows);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  const focused = document.activeElement;
  if (event.key === "Escape") {
    const menu = focused.closest("details[data-menu][open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); } else if (isTyping(focused)) focused.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(focused)) return;
  if (stored("keys") === "off" || document.querySelector("dialog[open]")) return;
  if (event.key === "?") { listKeys(); return; }
  const element = keyed().find((candidate) => candidate.dataset.key === event.key.toLowerCase());
  if (!element) return;
  event.preventDefault();
  if (isTyping(element)) element.focus();
  else element.click();
});
