// Keys: g and a letter goes to a section; j and k walk through a list, enter opens, a r s choose a vote.

let waiting = 0;

function typing(target) {
  return target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

function rows() {
  return [...document.querySelectorAll("[data-row]")];
}

function walk(by) {
  const all = rows();
  if (!all.length) return;
  const current = all.findIndex((row) => row.contains(document.activeElement)) >= 0
    ? all.findIndex((row) => row.contains(document.activeElement))
    : all.findIndex((row) => row.matches("[aria-current]") || row.querySelector("[aria-current]"));
  const next = all[Math.min(all.length - 1, Math.max(0, current + by))];
  (next.matches("a, button") ? next : next.querySelector("a[href]"))?.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target)) return;
  const key = event.key;
  if (waiting && performance.now() - waiting < 1200) {
    waiting = 0;
    const link = document.querySelector(`[data-shortcut="${CSS.escape(key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (key === "g") waiting = performance.now();
  else if (key === "j" || key === "k") {
    event.preventDefault();
    walk(key === "j" ? 1 : -1);
  } else if (key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  } else {
    const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!control) return;
    event.preventDefault();
    if (control.matches("input[type=radio]")) {
      control.checked = true;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const onwards = document.getElementById(control.dataset.then ?? "");
    (onwards ?? control).focus();
    if (!control.matches("input")) control.click();
  }
});
