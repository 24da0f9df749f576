"""What schemathesis is not told by the document of the API."""

import schemathesis

# A plugin is sent as the bytes that it is.
schemathesis.serializer.alias("application/wasm", "application/octet-stream")
