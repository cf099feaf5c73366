// What the composer and the inbox do beyond forms: drafts survive, and a tab that nobody sees asks for nothing.

const draftKey = (area) => `optin-draft-${area.dataset.draft}`;
const areas = (root) => root.querySelectorAll("textarea[data-draft]");

function remember(area) {
  try {
    if (area.value) sessionStorage.setItem(draftKey(area), area.value);
    else sessionStorage.removeItem(draftKey(area));
  } catch { /* the draft lasts one page */ }
}

function restore(area) {
  if (area.value) { remember(area); return; }
  try {
    const kept = sessionStorage.getItem(draftKey(area));
    if (!kept) return;
    area.value = kept;
    area.dataset.restored = "";
    area.closest("details")?.setAttribute("open", "");  // what is sent is seen
  } catch { /* nothing was kept */ }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[data-draft]")) remember(event.target);
});

// A text that is on its way is no draft; one that is refused comes back inside the form.
document.addEventListener("submit", (event) => {
  for (const area of areas(event.target)) {
    try { sessionStorage.removeItem(draftKey(area)); } catch { /* nothing was kept */ }
  }
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => { for (const area of areas(event.target)) remember(area); });
}

// Ctrl or Command with Enter sends.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  if (!event.target.matches("textarea[data-draft]")) return;
  const button = event.target.form.querySelector("#composer-send");
  if (button && !button.disabled) event.target.form.requestSubmit(button);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-poll]")) event.preventDefault();
});

document.addEventListener("DOMContentLoaded", () => { for (const area of areas(document)) restore(area); });

// What counts and advises asks through HTMX, which starts later than this.
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) return;
  for (const area of document.querySelectorAll("[data-restored]")) area.dispatchEvent(new Event("restored"));
});

// The list of conversations: the open one is in sight, and news leave the list where somebody has scrolled it to.
const threads = () => document.querySelector("#inbox-list .threads");

document.addEventListener("DOMContentLoaded", () => {
  const list = threads();
  const open = list?.querySelector("[aria-current]");
  if (!open) return;
  const [around, box] = [list.getBoundingClientRect(), open.getBoundingClientRect()];
  if (box.bottom > around.bottom) list.scrollTop += box.top - around.top - (around.height - box.height) / 2;
});

let scrolled = 0;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id === "inbox-list") scrolled = event.detail.requestConfig.elt === event.target ? threads()?.scrollTop : 0;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "inbox-list" && threads()) threads().scrollTop = scrolled;
});
