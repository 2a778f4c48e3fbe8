// The weekly editor. An edit answers with the page's regions as they are now: forms that are still open
// elsewhere keep their place and what was typed; overlaps are marked on both rows.
(() => {
  const REGIONS = new Set(["week", "dates"]);
  const SETTLED = 60; // milliseconds until htmx has settled what it swapped
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

  const putBack = () => {
    for (const { form, slot, region } of kept) {
      const place = document.getElementById(slot);
      if (place) place.replaceChildren(form);
      else region.append(form); // its row is gone: saving says so, and nothing typed is lost
    }
    kept = [];
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    asking = event.detail.elt;
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const region = event.detail.target;
    if (region.querySelector("#outside-more[open]")) {
      queueMicrotask(() => document.getElementById("outside-more")?.setAttribute("open", ""));
    }
    if (!REGIONS.has(region.id)) return;
    const sent = asking?.closest("[data-slot-form]");
    for (const form of region.querySelectorAll("[data-slot-form]")) {
      if (form === sent) continue;
      kept.push({ form, slot: form.closest(".place")?.id, region });
      for (const field of form.querySelectorAll("[autofocus]")) field.autofocus = false; // it has been typed in since
      form.remove();
    }
    queueMicrotask(putBack); // the swap is over by then
    window.setTimeout(mark, SETTLED);
  });

  document.addEventListener("htmx:afterSettle", mark);
  mark();
})();
