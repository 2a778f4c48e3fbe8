// Dialogs. A link that leads to a form on a page of its own opens it here instead:
//   data-dialog="id"      shows the <dialog id> that is in this page already
//   data-opens-dialog     fetches the partial `dialog` of the linked page into #dialog
(() => {
  const plainClick = (event) =>
    event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

  document.addEventListener("click", (event) => {
    if (!plainClick(event)) return;
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
      return;
    }
    const link = event.target.closest("a[data-opens-dialog]");
    if (link && window.htmx) {
      event.preventDefault();
      window.htmx.ajax("GET", link.href, { source: link, target: "#dialog-body", swap: "innerHTML" });
      return;
    }
    const close = event.target.closest("[data-close]");
    const around = close?.closest("dialog");
    if (around) {
      event.preventDefault();
      around.close();
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "dialog-body") return; // Back brings no target
    const dialog = document.getElementById("dialog");
    const heading = dialog.querySelector("h1, h2");
    if (heading) dialog.setAttribute("aria-label", heading.textContent.trim());
    if (!dialog.open) dialog.showModal();
  });

  // Closed by Escape, the button or a press beside it: what it held is gone.
  document.getElementById("dialog")?.addEventListener("close", () => {
    document.getElementById("dialog-body").replaceChildren();
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const isInside =
        event.clientX >= box.left && event.clientX <= box.right &&
        event.clientY >= box.top && event.clientY <= box.bottom;
      if (!isInside && event.clientX + event.clientY > 0) event.target.close();
    }
  });
})();
