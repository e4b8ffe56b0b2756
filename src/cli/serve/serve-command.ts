import { SERVED_OPTIONS, SERVER_OPTIONS } from "../options/serve-options";
import { DEVICE_OPTIONS, GENERAL_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const serveCommand: LibraryCommand = {
  name: "serve",
  description: "Serve a model with any number of adapters over HTTP",
  groups: [
    { title: "Model", options: SERVED_OPTIONS },
    { title: "Server", options: SERVER_OPTIONS },
    { title: "Device", options: { ...DEVICE_OPTIONS, ...PRECISION_OPTIONS } },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "serve --model embedded --adapter amr=output/adapter",
      does: 'one adapter; POST {"inputs": "a text", "truncate": true} to /predict/amr',
    },
    {
      command: "serve --config serve.yaml --port 0",
      does: "model and adapters from a file, on a free port",
    },
  ],
  notes:
    "Requests and answers are those of text-embeddings-inference's /predict. GET /openapi.json describes all routes. The variable TSLORA_ADMIN_TOKEN allows requests with that token to add and remove adapters. SIGTERM and SIGINT answer the requests in flight, then end the server.",
  run: async (call) => (await import("./run-serve.js")).runServe(call),
};
