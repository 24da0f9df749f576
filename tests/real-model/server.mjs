// Chat completions by a small language model on this machine, so that Baton is tried with text that nobody scripted. Where a
// schema or tools are given, a grammar holds the model to their form. It knows no keys and keeps nothing.
//
// Usage: node server.mjs MODEL.gguf PORT LOG

import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import { getLlama, LlamaChatSession } from "node-llama-cpp";

const [file, port, log] = process.argv.slice(2);
/** What SmolLM2 was trained for. */
const WINDOW = 8192;
/** Longest reply, in tokens: at thirty tokens a second, twenty seconds. */
const LONGEST_REPLY = 600;
/** Threads wait for each other by spinning: on a machine that does other work, each one too many costs more than it gives. */
const threads = Math.max(1, Math.floor(availableParallelism() / 2));

const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads, logLevel: "error" });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: WINDOW, threads });
/** One request at a time: there is one context. */
let busy = Promise.resolve();

createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => (text += piece));
    request.on("end", () => (busy = busy.then(() => answered(request, response, text)).catch(() => response.destroy())));
}).listen(Number(port), "127.0.0.1");

async function answered(request, response, text) {
    if (request.url !== "/v1/chat/completions") return failed(response, 404, `There is no ${request.url}.`);
    const body = JSON.parse(text);
    const [history, asked] = conversation(body);
    const given = model.tokenize(JSON.stringify(history) + asked).length;
    if (given + 64 > WINDOW) {
        const message = `This model's maximum context length is ${WINDOW} tokens. However, your messages resulted in ${given} tokens.`;
        return failed(response, 400, message, "context_length_exceeded");
    }
    const wanted = body.max_completion_tokens ?? body.max_tokens ?? LONGEST_REPLY;
    const most = Math.min(wanted, LONGEST_REPLY, WINDOW - given);
    const began = Date.now();
    const sequence = context.getSequence();
    try {
        const session = new LlamaChatSession({ contextSequence: sequence });
        session.setChatHistory(history);
        const grammar = await grammarOf(body);
        const streams = body.stream === true && !body.tools?.length;
        if (streams) begin(response);
        const said = await session.promptWithMeta(asked, {
            grammar,
            maxTokens: most,
            temperature: body.temperature ?? 0.3,
            onTextChunk: streams ? (piece) => send(response, body, { delta: { content: piece }, finish_reason: null }) : undefined,
        });
        const written = model.tokenize(said.responseText).length;
        const reply = replyOf(body, said, written >= most - 1);
        const usage = { prompt_tokens: given, completion_tokens: written, total_tokens: given + written };
        note(body, reply, usage, Date.now() - began);
        if (body.stream !== true) return whole(response, body, reply, usage);
        if (!streams) begin(response);
        finish(response, body, reply, usage, streams);
    } finally {
        sequence.dispose();
    }
}

/** The history, and the last thing that was said to the model. */
function conversation(body) {
    const history = [];
    for (const message of body.messages) {
        const text = typeof message.content === "string" ? message.content : (message.content ?? []).map((part) => part.text ?? "").join("");
        if (message.role === "system" || message.role === "developer") history.push({ type: "system", text });
        else if (message.role === "assistant") {
            const calls = (message.tool_calls ?? []).map((call) => JSON.stringify({ tool: call.function.name, arguments: call.function.arguments }));
            history.push({ type: "model", response: [[text, ...calls].filter(Boolean).join("\n")] });
        } else history.push({ type: "user", text: message.role === "tool" ? `The tool answered:\n${text}` : text });
    }
    if (body.tools?.length) {
        const tools = body.tools.map(({ function: tool }) => `- ${tool.name}: ${tool.description}`).join("\n");
        history.unshift({ type: "system", text: `Call one of these tools, as {"tool": NAME, "arguments": {…}}:\n${tools}` });
    }
    const last = history.pop();
    return [history, last.text ?? ""];
}

/** A grammar for the reply's schema, or for the call of one of the tools. */
async function grammarOf(body) {
    const schema = body.response_format?.json_schema?.schema;
    if (schema) return llama.createGrammarForJsonSchema(plain(schema));
    if (!body.tools?.length) return undefined;
    const call = ({ function: tool }) => ({
        type: "object",
        properties: { tool: { const: tool.name }, arguments: plain(tool.parameters) },
    });
    return llama.createGrammarForJsonSchema({ oneOf: body.tools.map(call) });
}

/** What a grammar knows of a schema. */
function plain(schema) {
    if (schema.enum) return { enum: schema.enum };
    if (Array.isArray(schema.anyOf ?? schema.oneOf)) return { oneOf: (schema.anyOf ?? schema.oneOf).map(plain) };
    const type = Array.isArray(schema.type) ? schema.type : (schema.type ?? "string");
    if (type === "object") {
        const properties = Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, plain(inner)]);
        return { type, properties: Object.fromEntries(properties) };
    }
    if (type === "array") return { type, items: plain(schema.items ?? {}), minItems: schema.minItems, maxItems: Math.min(schema.maxItems ?? 8, 8) };
    return { type };
}

function replyOf(body, said, isCut) {
    const reason = isCut || said.stopReason === "maxTokens" ? "length" : "stop";
    if (!body.tools?.length) return { message: { role: "assistant", content: said.responseText }, reason };
    try {
        const { tool, arguments: given } = JSON.parse(said.responseText);
        if (typeof tool !== "string") throw new Error("not a call");
        const call = { id: `call_${Date.now()}`, type: "function", function: { name: tool, arguments: JSON.stringify(given ?? {}) } };
        return { message: { role: "assistant", content: null, tool_calls: [call] }, reason: reason === "stop" ? "tool_calls" : reason };
    } catch {
        return { message: { role: "assistant", content: said.responseText }, reason };
    }
}

function whole(response, body, reply, usage) {
    response.setHeader("content-type", "application/json");
    const choice = { index: 0, message: reply.message, finish_reason: reply.reason };
    response.end(JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", model: body.model, choices: [choice], usage }));
}

function begin(response) {
    response.setHeader("content-type", "text/event-stream");
}

function send(response, body, choice, usage = null) {
    const choices = choice ? [{ index: 0, ...choice }] : [];
    response.write(`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: body.model, choices, usage })}\n\n`);
}

function finish(response, body, reply, usage, isSaid) {
    const calls = reply.message.tool_calls?.map((call, index) => ({ index, ...call }));
    if (!isSaid) send(response, body, { delta: { content: reply.message.content, tool_calls: calls }, finish_reason: null });
    send(response, body, { delta: {}, finish_reason: reply.reason });
    send(response, body, null, usage);
    response.end("data: [DONE]\n\n");
}

function failed(response, status, message, code = null) {
    response.statusCode = status;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } }));
}

function note(body, reply, usage, took) {
    const asked = body.messages.length;
    appendFileSync(log, JSON.stringify({ asked, usage, took, reason: reply.reason, message: reply.message }) + "\n");
}
