// Tells the visitor the time on their own device's clock where it differs from the zone shown,
// and shows the join page afresh when joining opens. Without it the pages say everything, too.
(() => {
  const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

  for (const place of document.querySelectorAll("[data-on-this-device]")) {
    const instant = new Date(place.dataset.onThisDevice);
    if (!deviceZone || deviceZone === place.dataset.shownZone || Number.isNaN(instant.getTime())) {
      continue;
    }
    const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
    const text = new Intl.DateTimeFormat(language, {
      dateStyle: "full",
      timeStyle: "short",
      hourCycle: "h23",
    }).format(instant);
    place.querySelector("[data-text]").textContent = `${text} (${deviceZone})`;
    place.hidden = false;
  }

  const opening = document.querySelector("[data-reload-at]");
  if (opening) {
    const wait = new Date(opening.dataset.reloadAt).getTime() - Date.now();
    const longestTimer = 2 ** 31 - 1;
    if (wait > 0 && wait < longestTimer) {
      window.setTimeout(() => window.location.reload(), wait + 1000);
    }
  }
})();
