// Small things: copy buttons, moments that keep their distance, forms that are sent once.

for (const button of document.querySelectorAll(".copy")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    button.querySelector(".sr").textContent = "Copied";
    setTimeout(() => {
      button.classList.remove("done");
      button.querySelector(".sr").textContent = "Copy the whole id";
    }, 1500);
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling ?? button);
  }
});

export function distance(seconds) {
  const far = Math.abs(seconds);
  if (far < 45) return seconds > 0 ? "in a moment" : "just now";
  const steps = [[5400, 60, "min"], [129600, 3600, "h"], [5184000, 86400, "days"], [63072000, 2592000, "months"], [Infinity, 31536000, "years"]];
  const [, unit, name] = steps.find(([limit]) => far < limit);
  const text = `${Math.round(far / unit)} ${name}`;
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}

// The service's clock may differ from this machine's: what the page said when it came is where counting begins.
const began = performance.now();
const moments = new WeakMap();
function count() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    if (!moments.has(time)) moments.set(time, performance.now());
    const served = Number(document.body.dataset.now || 0);
    if (!served) continue;
    const now = served + (performance.now() - began) / 1000;
    const text = distance(Date.parse(time.dateTime) / 1000 - now);
    if (time.textContent !== text) time.textContent = text;
  }
}
setInterval(count, 20000);
document.addEventListener("visibilitychange", () => document.hidden || count());

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A link that was shared should not repeat what was said to somebody else.
const here = new URL(location.href);
if (here.searchParams.has("said")) {
  here.searchParams.delete("said");
  history.replaceState(history.state, "", here);
}
