// Liveness: when the log has moved, the page is fetched again and what may change is exchanged. The stream resumes by position;
// a tab that slept looks again when it wakes, and news that could not be fetched is asked for until it has come.

const regions = () => [...document.querySelectorAll("[data-live][id]")];
const served = new Map(regions().map((region) => [region.id, region.outerHTML]));
const news = document.getElementById("news");
let position = Number(document.body.dataset.position || 0);
let looking = false;
let again = false;
let failures = 0;
let retry;
let stream;

function dirty(region) {
  if (region.querySelector("dialog[open]")) return true;
  const fields = region.querySelectorAll("input, textarea, select");
  return [...fields].some((field) =>
    field.matches("[type=checkbox], [type=radio]") ? field.checked !== field.defaultChecked
    : field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected)
    : field.value !== field.defaultValue);
}

function say(text, link) {
  news.textContent = text;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = location.href;
    anchor.textContent = link;
    news.append(" ", anchor);
  }
  news.hidden = false;
}

function exchange(fresh) {
  for (const region of regions()) {
    const next = fresh.getElementById(region.id);
    if (!next || served.get(region.id) === next.outerHTML) continue;
    if (dirty(region)) {
      say("Something here has changed since you began to write.", "Look at it anew");
      continue;
    }
    served.set(region.id, next.outerHTML);
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const address = focused?.getAttribute("href");
    const open = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
    const copy = document.importNode(next, true);
    region.replaceWith(copy);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const button of copy.querySelectorAll(".copy")) button.hidden = false;
    copy.classList.add("changed");
    if (focused) {
      const same = focused.id ? document.getElementById(focused.id) : address && copy.querySelector(`a[href="${CSS.escape(address)}"]`);
      same?.focus({ preventScroll: true });
    }
  }
}

// The stream tells each piece of news once, so what was told is not forgotten because the network went away.
function later() {
  clearTimeout(retry);
  retry = setTimeout(look, Math.min(30000, 500 * 2 ** failures));
  failures += 1;
}

async function look() {
  if (looking) return void (again = true);
  looking = true;
  clearTimeout(retry);
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
    if (answer.status === 401) {
      stream?.close();
      return say("Your session has ended.", "Sign in again");
    }
    if (!answer.ok) return later();
    failures = 0;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    position = Math.max(position, Number(fresh.body.dataset.position || 0));
    document.body.dataset.position = position;
    exchange(fresh);
    document.dispatchEvent(new CustomEvent("fresh"));
  } catch {
    later();
  } finally {
    looking = false;
    if (again) {
      again = false;
      look();
    }
  }
}

function follow() {
  stream?.close();
  stream = new EventSource(`/live?from=${position}`);
  stream.onmessage = (message) => {
    const at = JSON.parse(message.data).position;
    if (at > position) {
      position = at;
      look();
    }
  };
  stream.onerror = () => {
    // Browsers try again by themselves unless they were refused.
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => {
        look();
        follow();
      }, 5000);
    }
  };
}

if (regions().length && position) {
  follow();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    look();
    if (stream.readyState === EventSource.CLOSED) follow();
  });
  addEventListener("online", look);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    look();
    follow();
  });
}
