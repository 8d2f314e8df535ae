// Liveness: when the log has moved, the page is fetched again and what may change is exchanged. The stream resumes by position;
// a tab that slept looks again when it wakes, and news that could not be fetched is asked for until it has come.

const regions = () => [...document.querySelectorAll("[data-live][id]")];
const served = new Map(regions().map((region) => [region.id, essence(region)]));
const news = document.getElementById("news");
let position = Number(document.body.dataset.position || 0);
let looking = false;
let again = false;
let ended = false;
let failures = 0;
let retry;
let stream;

// What a region says, without what differs each time it is served: secrets of forms, distances of moments, copy buttons.
function essence(region) {
  const copy = region.cloneNode(true);
  for (const field of copy.querySelectorAll("input[name=once]")) field.removeAttribute("value");
  for (const time of copy.querySelectorAll("time")) time.textContent = "";
  for (const button of copy.querySelectorAll(".copy")) button.hidden = true;
  return copy.outerHTML;
}

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

// What can be focused or opened in a region, in order: the same place is found again by it.
const places = (region) => [...region.querySelectorAll("a[href], button, summary, input, select, textarea")];

function exchange(fresh) {
  const subject = document.querySelector("article.proposal")?.id;
  if (subject && fresh.querySelector("article.proposal")?.id !== subject) {
    // Something else would be shown in its place: what is open here stays what it is until one goes on.
    return say("This does not wait for you any more.", "Go on");
  }
  for (const region of regions()) {
    const next = fresh.getElementById(region.id);
    if (!next || served.get(region.id) === essence(next)) continue;
    if (dirty(region)) {
      say("Something here has changed since you began to write.", "Look at it anew");
      continue;
    }
    served.set(region.id, essence(next));
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const address = focused?.getAttribute("href");
    const place = places(region).indexOf(focused);
    const open = [...region.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
    const copy = document.importNode(next, true);
    region.replaceWith(copy);
    for (const summary of copy.querySelectorAll("details > summary")) {
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    }
    for (const button of copy.querySelectorAll(".copy")) button.hidden = false;
    copy.classList.add("changed");
    if (focused) {
      const same = focused.id ? document.getElementById(focused.id) : address && copy.querySelector(`a[href="${CSS.escape(address)}"]`);
      (same || places(copy)[place])?.focus({ preventScroll: true });
    }
  }
}

// The stream tells each piece of news once, so what was told is not forgotten because the network went away.
function later() {
  clearTimeout(retry);
  retry = setTimeout(look, Math.min(30000, 500 * 2 ** failures));
  failures += 1;
}

function end(text, link) {
  ended = true;
  stream?.close();
  say(text, link);
}

async function look() {
  if (ended) return;
  if (looking) return void (again = true);
  looking = true;
  clearTimeout(retry);
  try {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
    if (answer.status === 401) return end("Your session has ended.", "Sign in again");
    if (answer.status === 403 || answer.status === 404) return end("This page is not for you any more.", "Look at it anew");
    if (!answer.ok) return later();
    failures = 0;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.body.dataset.organization !== document.body.dataset.organization) {
      return end("You are looking at another organization in another tab.", "Look at this page there");
    }
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
  if (ended) return;
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
    // Browsers keep few connections to one place: a tab that nobody sees leaves its own to the others.
    if (document.hidden) return stream.close();
    look();
    follow();
  });
  addEventListener("online", look);
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    look();
    follow();
  });
}
