// The way to the host. In a component that is the contract's own functions, in a test a host in memory. Values go there as
// componentize-js has them: JSON documents are texts, variants and results `{ tag, val }`.

let host;

/**
 * Why a call failed, or why a plugin does. `kind` is for programs, `text` a sentence for people. Kinds of the host: `denied`,
 * `invalid`, `not-found`, `conflict`, `budget-exceeded`, `unavailable`, `cancelled`, `timed-out`, `child-failed`, `trapped`,
 * `other`. A plugin may have kinds of its own.
 */
export class BatonError extends Error {
  constructor(kind, text, { subject, details } = {}) {
    super(text);
    Object.assign(this, { name: "BatonError", kind, text, subject, details });
  }

  /** The child's own error, if this one says that a child failed. */
  ofChild() {
    const own = this.kind === "child-failed" ? this.details?.error : undefined;
    return own && new BatonError(own.kind, own.text, own);
  }

  /** Whether no retry in this run can succeed. */
  endsTheRun() {
    return this.kind === "cancelled" || this.kind === "budget-exceeded";
  }

  toContract() {
    return { kind: this.kind, text: this.text, subject: this.subject, details: written(this.details) };
  }

  static of({ kind, text, subject, details }) {
    return new BatonError(kind, text, { subject, details: parsed(details) });
  }
}

/** Has `host(interface, function, arguments)` answer all calls from now on. Returns the one before. */
export function install(other) {
  const before = host;
  host = other;
  return before;
}

/** Calls a function of the contract, such as `files.read`. */
export function call(name, ...parameters) {
  if (!host) {
    throw new Error(`\`${name}\` was called and there is no host. In a test, call the plugin through \`Host\` of baton/testing.js.`);
  }
  return host(name, parameters);
}

/** The members of an object as options of a call. An undefined one is left out. */
export function options(named = {}) {
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => ({ name: kebab(name), value: JSON.stringify(value) }));
}

/** A result that is not thrown: the value, or a `BatonError`. */
export function ended({ tag, val }, read) {
  return tag === "ok" ? read(val) : BatonError.of(val);
}

/** A JSON document that may be absent. */
export function parsed(text) {
  return text === undefined || text === null ? undefined : JSON.parse(text);
}

export function written(value) {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** A JSON document that may not be absent. */
export function json(value) {
  return JSON.stringify(value ?? null);
}

export function text(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

export function bytes(content) {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

export function kebab(name) {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function camel(name) {
  return name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}
