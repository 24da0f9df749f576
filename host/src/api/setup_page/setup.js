// Sends the name and the password with the secret of the link, and says what came of it.
"use strict";

const form = document.getElementById("setup");
const outcome = document.getElementById("outcome");
const button = document.getElementById("make");
const secret = location.hash.slice(1);
// It stays out of the browser's history.
history.replaceState(null, "", location.pathname);

if (!secret) {
  button.disabled = true;
  outcome.textContent = "The link is incomplete. Open it as the host printed it.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  const body = { secret, name: document.getElementById("name").value, password: document.getElementById("password").value };
  try {
    const answer = await fetch("auth/setup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const document = await answer.json();
    if (answer.ok) {
      form.remove();
      outcome.textContent = `${document.name} is an admin of this host.`;
      return;
    }
    outcome.textContent = [document.detail, document.hint].filter(Boolean).join(" ");
  } catch {
    outcome.textContent = "The host does not answer.";
  }
  button.disabled = false;
});
