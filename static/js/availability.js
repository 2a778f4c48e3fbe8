// The weekly editor. An edit answers with the page's regions as they are now: forms that are still open
// elsewhere keep their place and what was typed; the keyboard stays where it was; overlaps are marked on both rows.
(() => {
  const REGIONS = new Set(["week", "dates"]);
  let asking = null; // the element whose request is under way
  let kept = [];

  const mark = () => {
    const named = [...document.querySelectorAll("[data-overlaps]")];
    const uids = new Set(named.flatMap((each) => each.dataset.overlaps.split(" ")));
    for (const row of document.querySelectorAll(".window[data-uid]")) {
      row.classList.toggle("is-clashing", uids.has(row.dataset.uid));
    }
    for (const form of document.querySelectorAll("[data-slot-form]")) {
      form.classList.toggle("is-clashing", form.querySelector("[data-overlaps]") !== null);
    }
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    asking = event.detail.elt;
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const region = event.detail.target;
    if (!REGIONS.has(region.id)) return;
    const sent = asking?.closest("[data-slot-form]");
    for (const form of region.querySelectorAll("[data-slot-form]")) {
      if (form === sent) continue;
      kept.push({ form, slot: form.closest(".place").id });
      form.remove();
    }
  });

  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const region = event.detail.target;
    if (!REGIONS.has(region.id)) return;
    for (const { form, slot } of kept) {
      const place = document.getElementById(slot);
      if (place) place.replaceChildren(form);
      else region.append(form); // its row is gone: saving says so, and nothing typed is lost
    }
    kept = [];
  });

  document.addEventListener("htmx:afterSettle", () => {
    mark();
    if (!asking || document.activeElement !== document.body) return;
    const slot = asking.closest(".place")?.id ?? asking.dataset.from;
    const place = slot && document.getElementById(slot);
    place?.querySelector("a, button, input:not([type=hidden])")?.focus();
  });

  mark();
})();
