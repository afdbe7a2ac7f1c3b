// Buttons that copy what stands in a field. Without this the field can be selected, and they stay hidden.

"use strict";

for (const button of document.querySelectorAll("button[data-copies]")) {
    const field = document.getElementById(button.dataset.copies);
    const label = button.textContent;
    const said = document.getElementById("copied");

    button.hidden = false;
    button.addEventListener("click", async () => {
        field.select();
        try {
            await navigator.clipboard.writeText(field.value);
        } catch {
            // No clipboard outside of a secure context, or none allowed: what is selected can be copied by hand.
            if (!document.execCommand("copy")) return;
        }
        button.textContent = button.dataset.copied;
        if (said) said.textContent = button.dataset.copied;
        setTimeout(() => { button.textContent = label; }, 2000);
    });
}
