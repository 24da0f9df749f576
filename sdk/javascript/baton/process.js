// Runs Baton's host in memory from a thread of its own, so that a test, whose plugin knows no promise, can wait for answers.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { workerData } from "node:worker_threads";

const { program, port, arrived } = workerData;

function tell(message) {
  port.postMessage(message);
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
}

const child = spawn(program, ["plugin", "host"], { stdio: ["pipe", "pipe", "inherit"] });
child.on("error", (error) =>
  tell({
    ended: `The tests need the program \`${program}\`, which does not start: ${error.message}. Run them with \`baton plugin test\`, or set BATON to the path of Baton.`,
  }),
);
child.stdin.on("error", () => {});
child.on("close", () => tell({ ended: "`baton plugin host` has ended. Its last words above say why." }));
createInterface({ input: child.stdout }).on("line", (line) => tell({ line }));
port.on("message", (line) => child.stdin.write(`${line}\n`));
