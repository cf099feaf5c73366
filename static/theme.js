// Runs before the page is drawn, so that no page flashes in the wrong colours: sets the theme that was chosen here.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      const theme = localStorage.getItem("theme");
      return ["light", "dark"].includes(theme) ? theme : "auto";
    } catch {
      return "auto"; // storage is forbidden
    }
  }

  function apply() {
    const theme = chosen();
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  }

  root.dataset.js = "";
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("optin:theme", apply);
})();
