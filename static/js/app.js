// What every portal page shares: "/" for the search, copy buttons, usual answers, distances in time, toasts,
// menus, and htmx's CSRF header and failures. Without it every page works, only less smoothly.
(() => {
  const announce = (text) => {
    const place = document.getElementById("announcer");
    if (place) place.textContent = text;
  };

  const isTyping = (element) =>
    element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const copy = async (button) => {
    const label = button.querySelector("span");
    const before = label?.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      announce("Copying did not work. Select the text and copy it.");
      return;
    }
    announce("Copied");
    button.classList.add("is-done");
    if (label) label.textContent = "Copied";
    window.setTimeout(() => {
      button.classList.remove("is-done");
      if (label) label.textContent = before;
    }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest("[data-toast]").remove();
    for (const menu of document.querySelectorAll("[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // A usual answer fills its field; which of them stands there is marked, also while one types.
  const markUsual = (field) => {
    for (const button of document.querySelectorAll(`[data-fills="${CSS.escape(field.id)}"]`)) {
      button.setAttribute("aria-pressed", String(button.textContent.trim() === field.value.trim()));
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fills]");
    const field = button && document.getElementById(button.dataset.fills);
    if (!field) return;
    field.value = button.textContent.trim();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("input", (event) => markUsual(event.target));

  // The same words as the template tag `ago` (portals/templatetags/ui.py).
  const distance = (instant, isExact) => {
    const seconds = (instant - Date.now()) / 1000;
    const size = Math.floor(Math.abs(seconds));
    for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]]) {
      if (size >= length) {
        let text = `${Math.floor(size / length)} ${unit}`;
        if (isExact && unit === "h") text += ` ${Math.floor((size % length) / 60)} min`;
        return seconds > 0 ? `in ${text}` : `${text} ago`;
      }
    }
    return "now";
  };
  const refreshDistances = () => {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      time.textContent = distance(new Date(time.dateTime), time.dataset.relative === "exact");
    }
  };
  window.setInterval(refreshDistances, 20000);

  // A good word goes by itself, unless it is being read or offers something; trouble stays.
  const goesByItself = ".toast:is(.is-good, .is-info)";
  const arrange = (root) => {
    for (const hidden of root.querySelectorAll("[data-copy][hidden], [data-dismiss][hidden]")) {
      hidden.hidden = false;
    }
    for (const toast of root.querySelectorAll(`${goesByItself}:not([data-timed])`)) {
      toast.dataset.timed = "";
      const seconds = toast.querySelector("form") ? 20 : 8;
      const leave = () => {
        if (toast.matches(":hover, :focus-within")) window.setTimeout(leave, 2000);
        else toast.remove();
      };
      window.setTimeout(leave, seconds * 1000);
    }
    for (const tab of root.querySelectorAll(".tabs > [aria-current]")) {
      const row = tab.parentElement; // the one that is open is in sight, however narrow the row
      row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    }
    const first = root.querySelector("[data-focus]");
    if (first) {
      first.removeAttribute("data-focus"); // once: it may be put back beside something else that is swapped
      first.focus();
    }
  };
  arrange(document);
  document.addEventListener("htmx:load", (event) => arrange(event.detail.elt.parentElement ?? document));

  // What has been undone need not be said any longer.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) event.detail.elt.closest("[data-toast]")?.remove();
  });

  // What is not filled in filters nothing, and says nothing in a URL. Heard by htmx's requests, too.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData]) {
      if (value !== "") continue;
      const filled = event.formData.getAll(name).filter((other) => other !== "");
      event.formData.delete(name);
      for (const other of filled) event.formData.append(name, other);
    }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    if (token) event.detail.headers["X-CSRFToken"] = token.content;
  });

  const trouble = (text) => {
    const toast = document.createElement("div");
    toast.className = "toast is-bad";
    toast.dataset.toast = "";
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "link-button";
    close.dataset.dismiss = "";
    close.textContent = "Close";
    toast.append(words, close);
    document.getElementById("toasts")?.append(toast);
  };
  const REASONS = {
    403: "You may not do this. If the page was open for long, reload it.",
    404: "This is not there any more. Reload the page.",
    429: "Too many tries. Wait a minute.",
    503: "We are away for a moment, and nothing was changed. Try again in a few seconds.",
  };
  document.addEventListener("htmx:responseError", (event) => {
    trouble(REASONS[event.detail.xhr.status] ?? "This did not work. Try again in a moment.");
  });
  document.addEventListener("htmx:sendError", () => {
    trouble("No connection. Nothing was changed; try again when you are online.");
  });
})();
