// What was typed survives an expired login: a form that is sent is kept in this tab until the next page,
// and put back when the way through the sign-in page leads here again (#resume, portals/signing_in.py).
(() => {
  const KEY = "draft";
  const LONGEST_MINUTES = 30;

  const keep = (form) => {
    if (form.method !== "post" || form.querySelector('input[type="password"]')) return;
    const fields = [...new FormData(form)].filter(
      ([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken",
    );
    const own = form.dataset.page ?? "";
    const draft = { page: location.pathname, own, action: form.action, fields, at: Date.now() };
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  };

  const restore = (form, fields) => {
    const values = new Map();
    for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
    for (const element of form.elements) {
      if (!element.name || element.type === "hidden" || element.type === "submit") continue;
      const given = values.get(element.name) ?? [];
      if (element.type === "checkbox" || element.type === "radio") {
        element.checked = given.includes(element.value);
      } else if (element.tagName === "SELECT" && element.multiple) {
        for (const option of element.options) option.selected = given.includes(option.value);
      } else if (given.length) {
        element.value = given.shift();
      }
    }
    form.closest("dialog")?.showModal();
    const note = document.createElement("p");
    note.className = "note";
    note.setAttribute("role", "status");
    note.textContent = "You are signed in again. What you typed is still here; nothing has been sent yet.";
    form.prepend(note);
  };

  // A form that was opened in its place is not there any more: on to the page where it stands by itself.
  const toItsPage = (draft) => {
    const page = new URL(draft.own, location.href);
    const moved = { ...draft, own: "", page: page.pathname };
    sessionStorage.setItem(KEY, JSON.stringify(moved));
    location.replace(`${page.pathname}${page.search}#resume`);
  };

  const resume = () => {
    const draft = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (location.hash === "#resume" && draft?.page === location.pathname) {
      history.replaceState(history.state, "", location.pathname + location.search);
      if (Date.now() - draft.at < LONGEST_MINUTES * 60000) {
        const form = [...document.forms].find((other) => other.action === draft.action);
        if (form) restore(form, draft.fields);
        else if (draft.own) return toItsPage(draft);
      }
    }
    sessionStorage.removeItem(KEY);
  };

  resume();
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-forget]")) sessionStorage.removeItem(KEY);
    else keep(event.target);
  }, true);
})();
