// Light or dark: the system's choice until the button says otherwise. A classic script in the head, so that it runs
// before the first paint.
(() => {
  const root = document.documentElement;
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => {
    try {
      return localStorage.getItem("shapeshot-theme");
    } catch {
      return null; // storage is blocked
    }
  };
  const isDark = () => root.dataset.theme === "dark";

  function apply(theme) {
    root.dataset.theme = theme ?? (systemIsDark.matches ? "dark" : "light");
    const button = document.getElementById("theme");
    if (button) {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `Change to the ${isDark() ? "light" : "dark"} theme`);
    }
    dispatchEvent(new Event("themechange"));
  }

  function toggle() {
    const theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("shapeshot-theme", theme);
    } catch {
      // It holds for this visit then.
    }
    apply(theme);
  }

  apply(remembered());
  systemIsDark.addEventListener("change", () => apply(remembered()));
  addEventListener("DOMContentLoaded", () => {
    apply(remembered());
    document.getElementById("theme").addEventListener("click", toggle);
  });
})();
