// The patient's booking page: opens itself, locks a pressed button, arrow keys in the month, the countdown.
// Without it every step works, too.
(() => {
  const opening = document.querySelector("form[data-posts-itself]");
  if (opening) {
    opening.elements.timezone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
    opening.requestSubmit();
  }

  document.querySelector("[data-focus]")?.focus();

  // A form that is on its way cannot be sent a second time; coming back to the page frees it again.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) {
      event.preventDefault();
      return;
    }
    event.target.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  });

  const month = document.querySelector("[data-month]");
  if (month) {
    const days = [...month.querySelectorAll("[data-day]")];
    const enter = (day, focus) => {
      for (const other of days) other.tabIndex = other === day ? 0 : -1;
      if (focus) day.focus();
    };
    enter(days.find((day) => day.ariaCurrent) ?? days.find((day) => day.href) ?? days[0], false);
    month.addEventListener("focusin", (event) => {
      if (days.includes(event.target)) enter(event.target, false);
    });
    const turn = (rel) => document.querySelector(`.month-step[rel="${rel}"]`)?.click();
    month.addEventListener("keydown", (event) => {
      const at = days.indexOf(event.target);
      if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      const column = event.target.closest("td").cellIndex;
      const steps = {
        ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -column, End: 6 - column,
      };
      if (event.key === "PageUp") turn("prev");
      else if (event.key === "PageDown") turn("next");
      else if (event.key in steps) {
        const to = at + steps[event.key];
        if (event.key === "Home" || event.key === "End") enter(days[Math.min(Math.max(to, 0), days.length - 1)], true);
        else if (days[to]) enter(days[to], true);
        else turn(to < 0 ? "prev" : "next");
      } else return;
      event.preventDefault();
    });
  }

  const countdown = document.querySelector("[data-countdown]");
  if (countdown) {
    const announcer = document.querySelector("[data-announcer]");
    const button = document.getElementById(countdown.dataset.submits);
    const endsAt = performance.now() + countdown.dataset.countdown * 1000;
    let minutesShown = null;
    const timer = window.setInterval(() => tick(), 1000);
    const tick = () => {
      const seconds = Math.ceil((endsAt - performance.now()) / 1000);
      if (seconds <= 0) {
        window.clearInterval(timer);
        const sign = document.createElement("input");
        sign.type = "hidden";
        sign.name = "ran_out";
        sign.value = "1";
        button.form.append(sign);
        button.form.requestSubmit(button);
        return;
      }
      const minutes = Math.ceil(seconds / 60);
      if (minutes === minutesShown) return;
      minutesShown = minutes;
      const words = minutes === 1 ? countdown.dataset.minute : countdown.dataset.minutes.replace("{}", minutes);
      countdown.textContent = ` · ${words}`;
      if (minutes <= 2) announcer.textContent = words;
    };
    tick();
  }
})();
