// Copying and sharing a link, where the browser can; without this the link stands in a field.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = button.dataset.done;
        document.querySelector("[data-said]").textContent = button.dataset.done;
        setTimeout(() => { button.textContent = label; }, 2000);
    });
}

for (const button of document.querySelectorAll("[data-share]")) {
    if (!navigator.share) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
        // Whoever closes the sheet has changed their mind: that is no error.
        navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {});
    });
}
