// Greets the person its input names.
import { workflow } from "./baton/index.js";

export default workflow((input) => ({ hello: input.name }));
