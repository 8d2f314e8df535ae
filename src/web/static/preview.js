// What a form would do, shown while it is filled in: the form asks for its own preview, and only that is exchanged.

const form = document.querySelector("form[data-preview]");
let waiting;
let asked = 0;

async function look() {
  const mine = ++asked;
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "preview");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Live": "1" }, credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
    const shown = document.getElementById("preview");
    if (mine === asked && fresh && shown) shown.replaceWith(document.importNode(fresh, true));
  } catch {
    // The button is still there.
  }
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, 350);
});
