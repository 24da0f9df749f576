// Greets whoever its input names.
export function runWorkflow(input) {
  return JSON.stringify({ hello: JSON.parse(input).name });
}
