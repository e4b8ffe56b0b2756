import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** The figures that a server reports to Prometheus. */
export interface ServeMetrics {
  readonly registry: Registry;
  /** Counts an answer. */
  request(route: string, status: number, seconds: number): void;
  /** Counts a batch. */
  batch(batch: { readonly texts: number; readonly tokens: number }): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const TEXTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const TOKENS = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/** Functions that measure the server's state when Prometheus reads the metrics. */
export interface MeasuredState {
  readonly queueLength: () => number;
  readonly adapters: () => number;
  /** Bytes of memory of the model's process. */
  readonly modelMemory: () => number;
}

/** Makes the metrics of one server. */
export function serveMetrics(state: MeasuredState): ServeMetrics {
  const registry = new Registry();
  const registers = [registry];
  addGauges(registry, state);
  const requests = new Counter({
    name: "tslora_requests_total",
    help: "Answered requests by route and status",
    labelNames: ["route", "status"],
    registers,
  });
  const duration = new Histogram({
    name: "tslora_request_duration_seconds",
    help: "Time from the request's headers to its answer, by route",
    labelNames: ["route"],
    buckets: SECONDS,
    registers,
  });
  const texts = new Histogram({
    name: "tslora_batch_size",
    help: "Texts in a forward pass",
    buckets: TEXTS,
    registers,
  });
  const batchTokens = new Histogram({
    name: "tslora_batch_tokens",
    help: "Tokens in a forward pass",
    buckets: TOKENS,
    registers,
  });
  const tokens = new Counter({ name: "tslora_tokens_total", help: "Tokens of all forward passes", registers });
  return {
    registry,
    request: (route, status, seconds) => {
      requests.inc({ route, status: String(status) });
      duration.observe({ route }, seconds);
    },
    batch: (batch) => {
      texts.observe(batch.texts);
      batchTokens.observe(batch.tokens);
      tokens.inc(batch.tokens);
    },
  };
}

function addGauges(registry: Registry, { queueLength, adapters, modelMemory }: MeasuredState): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect: function collect() {
        this.set(value());
      },
    });
  gauge("tslora_queue_length", "Texts that wait for a forward pass", queueLength);
  gauge("tslora_adapters", "Adapters that are loaded", adapters);
  new Gauge({
    name: "tslora_resident_memory_bytes",
    help: "Resident memory of the server's process and of the model's process",
    labelNames: ["process"],
    registers,
    collect: function collect() {
      this.set({ process: "server" }, process.memoryUsage.rss());
      this.set({ process: "model" }, modelMemory());
    },
  });
}
