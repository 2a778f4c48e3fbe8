// The day opens where it matters: at now, else at the first visit to be seen.
(() => {
  const day = document.querySelector(".day");
  const target = [...(day?.querySelectorAll(".day-now, .day-visit") ?? [])]
    .filter((each) => each.offsetParent)
    .sort((one, other) => one.offsetTop - other.offsetTop)
    .sort((one, other) => other.matches(".day-now") - one.matches(".day-now"))[0];
  if (!target) return;
  const head = day.querySelector(".day-head").offsetHeight;
  day.scrollTop = target.offsetTop - (day.clientHeight - head) / 3;
})();
