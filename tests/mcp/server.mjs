// A small MCP server over standard input and output that writes down each call, and dies when it is told to.
// Its one argument is the file it writes to.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const log = process.argv[2];
const any = { type: "object" };
const tools = [
  { name: "post", description: "Does something that cannot be done twice.", inputSchema: any },
  { name: "put", description: "Does something that can.", inputSchema: any, annotations: { idempotentHint: true } },
  { name: "look", description: "Looks.", inputSchema: any, annotations: { readOnlyHint: true } },
  { name: "hang", description: "Does something that cannot be done twice, and never answers.", inputSchema: any },
  { name: "large", description: "Answers with 2 MiB.", inputSchema: any, annotations: { readOnlyHint: true } },
];

function call(name, given) {
  appendFileSync(log, `${name}\n`);
  if (given.die === "always" || (given.die === "once" && !existsSync(`${log}.died`))) {
    writeFileSync(`${log}.died`, "");
    process.exit(1);
  }
  const text = name === "large" ? "x".repeat(2 << 20) : `${name} by ${process.pid}, seeing ${Object.keys(process.env).sort()}`;
  return { content: [{ type: "text", text }] };
}

const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "probe", version: "1" } }),
  ping: () => ({}),
  "tools/list": () => ({ tools }),
  "tools/call": ({ name, arguments: given }) => call(name, given ?? {}),
};

appendFileSync(log, "started\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const answer = answers[method];
  if (params?.name === "hang") {
    call("hang", {});
    continue;
  }
  const rest = answer ? { result: answer(params) } : { error: { code: -32601, message: `There is no ${method}.` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...rest })}\n`);
}
