// Greets whoever its input names.
export function runWorkflow(input) {
  return { output: JSON.stringify({ hello: JSON.parse(input).name }) };
}
