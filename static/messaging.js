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
  if (area.value) return;
  try {
    const kept = sessionStorage.getItem(draftKey(area));
    if (!kept) return;
    area.value = kept;
    area.dispatchEvent(new Event("input", { bubbles: true }));
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
  if (!button.disabled) event.target.form.requestSubmit(button);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-poll]")) event.preventDefault();
});

document.addEventListener("DOMContentLoaded", () => { for (const area of areas(document)) restore(area); });
