// Rows to tick: one box for all of the page, and a button that says how many are ticked.
(() => {
  const boxes = (form) => [...form.querySelectorAll('tbody input[type="checkbox"]')];

  const show = (form) => {
    const ticked = boxes(form).filter((box) => box.checked).length;
    const all = form.querySelector("[data-ticks-all]");
    all.checked = ticked > 0 && ticked === boxes(form).length;
    all.indeterminate = ticked > 0 && !all.checked;
    const button = form.querySelector("[data-ticks-button]");
    button.disabled = ticked === 0;
    button.textContent = ticked ? `Cancel the ${ticked} ticked …` : "Cancel the ticked …";
  };

  const arrange = () => {
    for (const form of document.querySelectorAll("form[data-ticks]")) {
      form.querySelector("[data-ticks-all]").hidden = boxes(form).length === 0;
      show(form);
    }
  };

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-ticks]");
    if (!form) return;
    if (event.target.matches("[data-ticks-all]")) {
      for (const box of boxes(form)) box.checked = event.target.checked;
    }
    show(form);
  });
  document.addEventListener("htmx:load", arrange);
  window.addEventListener("pageshow", arrange); // Back brings ticked boxes with it
  arrange();
})();
