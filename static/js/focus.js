// The keyboard stays where it was when htmx swaps what it was on: at the same thing in the new content, else at
// what stands nearest. What a swap has to say in words, `data-announce`, is read out.
(() => {
  const FOCUSABLE = "a[href], button:not([hidden]), input:not([type=hidden]), select, textarea, summary";
  const SETTLED = 60; // milliseconds until htmx has settled what it swapped
  let lost = null; // what had the keyboard in a part that is being swapped
  let before = null; // where the keyboard was before it went to a toast

  const trail = (element) => {
    const ids = [];
    for (let each = element; each; each = each.parentElement) if (each.id) ids.push(each.id);
    return { ids, tag: element.localName, href: element.getAttribute("href"), words: element.textContent.trim() };
  };

  const alike = ({ tag, href, words }, root) => {
    const found = [...root.querySelectorAll(tag)].filter((each) => each.matches(FOCUSABLE));
    return (
      found.find((each) => words && each.textContent.trim() === words) ??
      found.find((each) => href && each.getAttribute("href") === href)
    );
  };

  // The same thing again, else the first of what is left of its surroundings within `part`.
  const again = (from, part) => {
    for (const place of from.ids.map((id) => document.getElementById(id))) {
      if (!place || place === part || !part.contains(place)) continue;
      if (place.matches(FOCUSABLE)) return place;
      const inside = alike(from, place) ?? place.querySelector(FOCUSABLE);
      if (inside) return inside;
    }
    return alike(from, part);
  };

  const isLost = () => !document.activeElement || document.activeElement === document.body;

  const restore = () => {
    if (!lost) return;
    const { from, part, isAsked } = lost;
    lost = null;
    if (!isLost() || !part.isConnected) return;
    const place = again(from, part);
    if (place) place.focus({ preventScroll: true });
    else if (isAsked) {
      part.tabIndex = -1;
      part.focus({ preventScroll: true });
    }
  };

  let asking = null; // the element whose request is under way
  document.addEventListener("htmx:beforeRequest", (event) => {
    asking = event.detail.elt;
  });

  const remember = (part) => {
    const active = document.activeElement;
    if (part?.contains(active) && active !== part) {
      lost = { from: trail(active), part, isAsked: Boolean(asking?.contains(active)) };
      window.setTimeout(restore, SETTLED);
    }
  };
  document.addEventListener("htmx:beforeSwap", (event) => remember(event.detail.target));
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (event.detail.target.id !== "toasts") remember(event.detail.target);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const says = event.detail.target?.querySelector?.("[data-announce]");
    const announcer = document.getElementById("announcer");
    if (says && announcer && asking?.closest("[data-polls]") === null) announcer.textContent = says.textContent.trim();
  });

  // A toast that goes gives the keyboard back.
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest("#toasts")) before = trail(event.target);
  });
  const leaveToast = (element) => {
    if (!element?.closest("#toasts")) return;
    window.setTimeout(() => {
      if (before && isLost()) again(before, document.body)?.focus({ preventScroll: true });
    }, 2 * SETTLED);
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) leaveToast(event.target);
  }, true);
  document.addEventListener("htmx:beforeSwap", () => leaveToast(asking));
})();
