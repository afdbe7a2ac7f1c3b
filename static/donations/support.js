// The ask for support: the dialog, what is reported of it, soft prompts, sharing, and links that wait offline.
// Everything here is an addition: without it the links lead to the support page and the forms are sent.

const dialog = document.querySelector("[data-support]");
const addresses = dialog ? dialog.dataset : {};
const later = "support-later"; // in the session's storage: what could not be reported yet

// ── Reporting ───────────────────────────────────────────────────────────────────────────────────────

function form(fields) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", addresses.token);
    for (const [name, value] of Object.entries(fields)) if (value) body.append(name, value);
    return body;
}

function waiting() {
    try {
        return JSON.parse(sessionStorage.getItem(later)) || [];
    } catch {
        return [];
    }
}

function report(address, fields) {
    if (!address) return;
    if (navigator.onLine && navigator.sendBeacon(address, form(fields))) return;
    sessionStorage.setItem(later, JSON.stringify([...waiting(), [address, fields]].slice(-50)));
}

function reportWhatWaited() {
    const all = waiting();
    sessionStorage.removeItem(later);
    for (const [address, fields] of all) report(address, fields);
}

async function tell(address, fields) {
    const answer = await fetch(address, { method: "POST", body: form(fields), keepalive: true });
    return answer.ok ? answer.json() : {};
}

// ── The dialog ──────────────────────────────────────────────────────────────────────────────────────

// What is removed while it has the focus leaves the focus nowhere: it goes to the content instead.
function toContent() {
    document.querySelector("#main, main")?.focus({ preventScroll: true });
}

function open(placement, prompt = "") {
    for (const [name, value] of [["placement", placement], ["prompt", prompt]])
        for (const field of dialog.querySelectorAll(`input[name=${name}]`)) field.value = value;
    dialog.showModal();
    report(addresses.trackEvent, { event: "support_modal_opened", placement, prompt });
}

function ways() {
    const all = dialog.querySelectorAll("a[href], button, input:not([type=hidden]), summary");
    return [...all].filter((each) => each.tabIndex >= 0 && each.checkVisibility());
}

function keepInside(event) {
    if (event.key !== "Tab") return;
    const all = ways();
    const leaving = event.shiftKey ? all[0] : all[all.length - 1];
    const radios = document.activeElement.type === "radio" && document.activeElement.name === leaving?.name;
    if (document.activeElement !== leaving && !radios) return;
    event.preventDefault();
    (event.shiftKey ? all[all.length - 1] : all[0]).focus();
}

function ledBy(element) {
    const said = (name) => element.closest("form")?.querySelector(`input[name=${name}]`)?.value || "";
    return { placement: said("placement"), prompt: said("prompt") };
}

if (dialog) {
    document.addEventListener("click", (event) => {
        const opener = event.target.closest("[data-support-open], [data-support-thanks]");
        if (!opener || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        // Thanks are no ask: nobody enters the funnel by reading them.
        if ("supportThanks" in opener.dataset) dialog.showModal();
        else open(opener.dataset.supportOpen);
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("keydown", keepInside);
}

// ── Choosing ────────────────────────────────────────────────────────────────────────────────────────

for (const other of document.querySelectorAll("[data-support-form] input[name=amount]"))
    other.addEventListener("input", () => {
        const choice = other.form.querySelector("input[value=custom]");
        if (choice.checked || !other.value) return;
        choice.checked = true;
        choice.dispatchEvent(new Event("change", { bubbles: true }));
    });

document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-support-choice]")) return;
    const fields = { event: "support_donation_clicked", choice: event.target.value, ...ledBy(event.target) };
    report(addresses.trackEvent, fields);
    if (event.target.value === "custom") event.target.form.elements.amount.focus();
});

document.addEventListener("submit", async (event) => {
    const wanted = event.target.querySelector("[data-support-key]");
    if (!wanted || !addresses.trackEvent || event.defaultPrevented) return;
    // The click is told before the checkout begins, so that one comes after the other in the log as well.
    event.preventDefault();
    const told = tell(addresses.trackEvent, { event: "support_license_clicked", choice: "key", ...ledBy(wanted) });
    await Promise.race([told.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 800))]);
    event.target.submit();
});

// ── Links, the banner ───────────────────────────────────────────────────────────────────────────────

document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-support-click]");
    if (link && !event.defaultPrevented) report(addresses.trackClick, { placement: link.dataset.supportClick });
    const close = event.target.closest("[data-support-dismiss]");
    if (!close) return;
    report(addresses.trackDismissal, { placement: close.dataset.supportDismiss });
    close.closest("[data-support-banner]").remove();
    toContent();
});

for (const close of document.querySelectorAll("[data-support-dismiss]")) close.hidden = false;

// It fades in after two seconds: nobody has seen it before that.
for (const banner of document.querySelectorAll("[data-support-banner]"))
    setTimeout(() => {
        new IntersectionObserver((seen, observer) => {
            if (!seen.some((entry) => entry.isIntersecting)) return;
            observer.disconnect();
            report(addresses.trackImpression, { placement: banner.dataset.supportBanner });
        }, { threshold: 0.5 }).observe(banner);
    }, 2500);

for (const button of document.querySelectorAll("[data-support-pulse]"))
    if (!sessionStorage.getItem("support-pulsed")) {
        sessionStorage.setItem("support-pulsed", "1");
        button.classList.add("pulses");
    }

// ── Offline: what leads to another site waits ───────────────────────────────────────────────────────

const outbound = () => document.querySelectorAll("[data-support-outbound]");

function mind() {
    for (const control of outbound())
        if (navigator.onLine) {
            control.removeAttribute("aria-disabled");
            control.removeAttribute("tabindex");
        } else {
            control.setAttribute("aria-disabled", "true");
            control.setAttribute("tabindex", "-1");
        }
    for (const note of document.querySelectorAll("[data-support-offline]")) note.hidden = navigator.onLine;
    if (navigator.onLine) reportWhatWaited();
}

function stay(event) {
    const submitted = event.type === "submit" && event.target.querySelector("[data-support-outbound]");
    if (navigator.onLine || !(submitted || event.target.closest?.("[data-support-outbound]"))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
}

for (const kind of ["click", "auxclick", "submit"]) document.addEventListener(kind, stay, { capture: true });
for (const kind of ["online", "offline"]) window.addEventListener(kind, mind);
mind();

// ── Soft prompts ────────────────────────────────────────────────────────────────────────────────────

const MINUTE = 60_000;

function toast(kind) {
    const text = document.querySelector(`[data-toast-texts] [data-prompt=${kind}]`);
    const shown = document.querySelector("#support-toast").content.firstElementChild.cloneNode(true);
    shown.querySelector("[data-toast-text]").textContent = text.textContent;
    shown.querySelector("[data-toast-open]").addEventListener("click", () => {
        shown.remove();
        toContent(); // where the dialog gives the focus back to
        open(text.dataset.placement, kind);
    });
    shown.querySelector("[data-toast-close]").addEventListener("click", () => {
        shown.remove();
        toContent();
        report(addresses.trackEvent, { event: "support_prompt_dismissed", prompt: kind });
    });
    // A live region is read out when it is filled, not when it comes with its text.
    document.querySelector("[data-support-toasts]").append(shown);
}

const isFree = () => navigator.onLine && !dialog.open && document.visibilityState === "visible";

async function ask(kind) {
    if (!isFree()) return;
    const answer = await tell(addresses.requestPrompt, { kind }).catch(() => ({}));
    if (answer.show) toast(answer.kind);
}

function askNowAndThen() {
    const asked = Number(sessionStorage.getItem("support-asked"));
    if (addresses.asks !== "now" && Date.now() - asked < 15 * MINUTE) return;
    sessionStorage.setItem("support-asked", Date.now());
    setTimeout(ask, 1500, "");
}

function countMinutes() {
    const used = Number(sessionStorage.getItem("support-minutes")) + (document.visibilityState === "visible");
    sessionStorage.setItem("support-minutes", used);
    // Whoever is busy in that minute is asked in the next in which they are not, once.
    if (used < Number(addresses.longSession) || sessionStorage.getItem("support-long-asked") || !isFree()) return;
    sessionStorage.setItem("support-long-asked", "1");
    ask("long_session");
}

if (dialog && "asks" in addresses) {
    askNowAndThen();
    setInterval(countMinutes, MINUTE);
}

// ── Sharing ─────────────────────────────────────────────────────────────────────────────────────────

async function addressOf(share) {
    if (!share.dataset.shareFetch) return share.dataset.shareUrl;
    const answer = await tell(share.dataset.shareFetch, {}).catch(() => ({}));
    return answer.url || share.dataset.shareUrl;
}

async function shareIt(share) {
    const url = await addressOf(share);
    const field = share.querySelector("[data-share-field]");
    field.textContent = url;
    report(addresses.trackEvent, { event: "support_shared", placement: share.dataset.supportShare });
    try {
        if (navigator.share) return await navigator.share({ url, text: share.dataset.shareText });
        await navigator.clipboard.writeText(url);
        share.querySelector("[data-share-said]").hidden = false;
    } catch (error) {
        if (error.name === "AbortError") return; // they thought better of it
        share.querySelector(".share-plain").hidden = false;
        getSelection().selectAllChildren(field);
    }
}

for (const share of document.querySelectorAll("[data-support-share]")) {
    const button = share.querySelector("[data-share-button]");
    button.hidden = false;
    share.querySelector(".share-plain").hidden = true;
    button.addEventListener("click", () => shareIt(share));
}
