"use strict";
// Runs before terminal.js looks for the address: the socket is that of the very site the page came
// from, through whatever proxy, tunnel or port it came.
const terminal = document.getElementById("terminal");
const scheme = window.location.protocol === "https:" ? "wss://" : "ws://";
terminal.dataset.sessionWebsocketUrl = scheme + window.location.host + "/ws";
const size = parseInt(new URLSearchParams(window.location.search).get("fontsize"), 10);
terminal.dataset.fontSize = size >= 6 && size <= 60 ? size : 16;
document.getElementById("again").addEventListener("click", () => window.location.reload());
// What is typed belongs to the studio, from its first picture on and whenever the tab is come back to.
const type = () => terminal.querySelector("textarea")?.focus();
new MutationObserver(type).observe(document.body, { attributes: true, attributeFilter: ["class"] });
window.addEventListener("focus", type);
