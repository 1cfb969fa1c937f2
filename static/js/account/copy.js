// Shows the button that copies; without script the field itself is chosen as a whole.

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // not allowed here: it is chosen, and the keyboard copies it
    }
    button.parentElement.querySelector("[role=status]").textContent = button.dataset.done;
  });
}
