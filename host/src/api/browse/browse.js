// Shows openapi.json. All text goes into the page as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function classed(made, name) {
  made.className = name;
  return made;
}

/** The schema behind a reference. */
function resolve(description, schema) {
  const reference = schema && schema.$ref;
  if (!reference || !reference.startsWith("#/")) return schema;
  return reference.slice(2).split("/").reduce((at, key) => (at ? at[key] : undefined), description);
}

/** A schema with what it refers to, as deep as a person reads. */
function expand(description, schema, depth) {
  if (schema === null || typeof schema !== "object") return schema;
  if (Array.isArray(schema)) return schema.map((part) => expand(description, part, depth));
  if (schema.$ref && depth > 0) return expand(description, resolve(description, schema), depth - 1);
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, expand(description, value, depth)]));
}

function schemaOf(description, content) {
  const [type, body] = Object.entries(content || {})[0] || [];
  if (!type) return [];
  const text = JSON.stringify(expand(description, body.schema, 3), null, 2);
  return [element("p", type), element("pre", text)];
}

function parameterTable(parameters) {
  const rows = parameters.map((parameter) => {
    const name = element("td", "", element("code", parameter.name));
    const kind = `${parameter.in}${parameter.required ? ", required" : ""}`;
    return element("tr", "", name, element("td", kind), element("td", parameter.description || ""));
  });
  const head = element("tr", "", element("th", "Name"), element("th", "Place"), element("th", "Meaning"));
  return element("table", "", element("thead", "", head), element("tbody", "", ...rows));
}

function responseTable(responses) {
  const rows = Object.entries(responses).map(([status, response]) =>
    element("tr", "", element("td", status), element("td", response.description || "")));
  return element("table", "", element("tbody", "", ...rows));
}

/** What an operation says, made when it is opened. */
function details(description, operation) {
  const parts = [];
  if (operation.description) parts.push(element("p", operation.description));
  const isPublic = operation.security && operation.security.length === 0;
  parts.push(element("p", isPublic ? "Needs no credential." : "Needs a credential."));
  if (operation.parameters && operation.parameters.length > 0) {
    parts.push(element("h3", "Parameters"), parameterTable(operation.parameters));
  }
  if (operation.requestBody) parts.push(element("h3", "Body"), ...schemaOf(description, operation.requestBody.content));
  const success = Object.entries(operation.responses || {}).find(([status, response]) => status.startsWith("2") && response.content);
  if (success) parts.push(element("h3", `Answer ${success[0]}`), ...schemaOf(description, success[1].content));
  parts.push(element("h3", "Statuses"), responseTable(operation.responses || {}));
  return parts;
}

function entry(description, path, method, operation) {
  const name = element("code", path);
  if (operation.deprecated) name.className = "deprecated";
  const summary = element("summary", "", classed(element("span", method.toUpperCase()), "method"), name, element("span", operation.summary || ""));
  const shown = element("details", "", summary);
  shown.dataset.words = `${method} ${path} ${operation.summary || ""}`.toLowerCase();
  shown.addEventListener("toggle", () => {
    if (shown.open && shown.children.length === 1) shown.append(...details(description, operation));
  });
  return shown;
}

function show(description) {
  document.getElementById("about").textContent = `${description.info.description} Version ${description.info.version}.`;
  const groups = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(entry(description, path, method, item[method]));
    }
  }
  const sections = [...groups].sort(([one], [other]) => one.localeCompare(other));
  document.getElementById("operations").append(
    ...sections.map(([tag, entries]) => element("section", "", element("h2", tag), ...entries)));
}

function filter(event) {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("section")) {
    const entries = [...section.querySelectorAll("details")];
    entries.forEach((shown) => { shown.hidden = !words.every((word) => shown.dataset.words.includes(word)); });
    section.hidden = entries.every((shown) => shown.hidden);
  }
}

document.getElementById("filter").addEventListener("input", filter);
fetch("openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`The host answered ${answer.status}.`))))
  .then(show)
  .catch((error) => { document.getElementById("about").textContent = `The description cannot be read. ${error.message}`; });
