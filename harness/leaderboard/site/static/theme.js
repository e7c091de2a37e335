// Before the first paint: the theme chosen last, or the system's.
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch (error) { /* files may have no storage */ }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
