import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../../src/base/tslora-error";
import { loadClassifier } from "../../../src/classifier/load-classifier";
import { sweep } from "../../../src/jobs/search/sweep/sweep";
import { MlflowClient } from "../../../src/training/log/mlflow/mlflow-client";
import { MlflowRun } from "../../../src/training/log/mlflow/mlflow-run";
import { mlflowSettings } from "../../../src/training/log/mlflow/mlflow-settings";
import { train } from "../../../src/training/train";
import type { TrainEvent } from "../../../src/training/train-event";
import { tinyModel, tinyTexts } from "../../cli/tiny";
import { startMlflow, type MlflowServer } from "./mlflow-server";
import { WITHOUT_PYTHON } from "./optuna-python";

let folder = "";
let model = "";
let server: MlflowServer | undefined;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-mlflow-"));
  model = await tinyModel(folder);
  if (WITHOUT_PYTHON === false) server = await startMlflow(folder);
});
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const texts = tinyTexts(44).map(({ text, label }) => ({ text, label: Number(label === "pos") }));
const SECRET = "a-secret-that-no-output-holds";

/** Sets variables of the environment while `action` runs. */
async function withEnvironment<T>(values: Readonly<Record<string, string>>, action: () => Promise<T>): Promise<T> {
  const names = [...Object.keys(values), "MLFLOW_TRACKING_URI"];
  const before = names.map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  try {
    return await action();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

async function trainTiny(outputDir?: string): Promise<TrainEvent[]> {
  const classifier = await loadClassifier(model, { labels: ["neg", "pos"] });
  const events: TrainEvent[] = [];
  try {
    classifier.addAdapter({ r: 2 });
    const options = { maxSteps: 4, evalSteps: 2, perDeviceTrainBatchSize: 8, reportTo: "mlflow", outputDir } as const;
    for await (const event of train(classifier, { ...options, train: texts.slice(0, 24), validation: texts.slice(24) }))
      events.push(event);
  } finally {
    classifier.dispose();
  }
  return events;
}

interface Run {
  readonly info: { readonly run_id: string; readonly status: string; readonly run_name: string };
  readonly data: {
    readonly params: readonly { readonly key: string; readonly value: string }[];
    readonly metrics: readonly { readonly key: string; readonly value: number; readonly step: number }[];
    readonly tags: readonly { readonly key: string; readonly value: string }[];
  };
}

async function runsOf(experiment: string): Promise<Run[]> {
  assert.ok(server !== undefined);
  const found = await server.get(`mlflow/experiments/get-by-name?experiment_name=${experiment}`);
  const id = (found.experiment as { experiment_id: string }).experiment_id;
  const { runs } = await server.post("mlflow/runs/search", { experiment_ids: [id] });
  return runs as Run[];
}

const valueOf = (list: readonly { key: string; value: string }[], key: string): string | undefined =>
  list.find((one) => one.key === key)?.value;

test(
  "a training is a run in MLflow: parameters, metrics with steps, tags, adapter",
  { skip: WITHOUT_PYTHON },
  async () => {
    const environment = { MLFLOW_TRACKING_URI: server?.uri ?? "", MLFLOW_EXPERIMENT_NAME: "single" };
    const events = await withEnvironment({ ...environment, MLFLOW_RUN_NAME: "tiny" }, () =>
      trainTiny(join(folder, "run")),
    );
    assert.ok(!events.some((event) => event.type === "warning" && event.kind === "mlflow"));
    const [run, ...others] = await runsOf("single");
    assert.equal(others.length, 0);
    assert.deepEqual([run.info.status, run.info.run_name], ["FINISHED", "tiny"]);
    assert.equal(valueOf(run.data.params, "lora.r"), "2");
    assert.equal(valueOf(run.data.params, "maxSteps"), "4");
    assert.equal(valueOf(run.data.tags, "mlflow.source.name"), "tslora");
    const history = async (key: string): Promise<[number, number][]> => {
      const { metrics } =
        (await server?.get(`mlflow/metrics/get-history?run_id=${run.info.run_id}&metric_key=${key}`)) ?? {};
      return (metrics as { step: number; value: number }[]).map(({ step, value }) => [step, value]);
    };
    const steps = events.flatMap((event): [number, number][] =>
      event.type === "step" ? [[event.step, event.loss]] : [],
    );
    assert.deepEqual(await history("loss"), steps);
    const evaluations = events.flatMap((event): [number, number][] =>
      event.type === "evaluation" ? [[event.step, event.accuracy]] : [],
    );
    assert.deepEqual(await history("eval_accuracy"), evaluations);
    const { files } = (await server?.get(`mlflow/artifacts/list?run_id=${run.info.run_id}&path=adapter`)) ?? {};
    const names = (files as { path: string }[]).map(({ path }) => path);
    for (const name of ["adapter_config.json", "adapter_model.safetensors"])
      assert.ok(names.includes(`adapter/${name}`));
  },
);

test("a sweep is a run in MLflow with a nested run for each trial", { skip: WITHOUT_PYTHON }, async () => {
  const environment = { MLFLOW_TRACKING_URI: server?.uri ?? "", MLFLOW_EXPERIMENT_NAME: "sweeps" };
  const values: number[] = [];
  await withEnvironment(environment, async () => {
    const events = sweep({
      name: "nested",
      model,
      labels: ["neg", "pos"],
      train: texts.slice(0, 24),
      validation: texts.slice(24),
      training: { maxSteps: 4, evalSteps: 2, perDeviceTrainBatchSize: 8 },
      space: { learningRate: { type: "float", low: 1e-4, high: 1e-2, log: true } },
      metric: "loss",
      limits: { trials: 2 },
      winnerSeeds: 1,
      outputDir: join(folder, "nested"),
      workers: 1,
      reportTo: "mlflow",
    });
    for await (const event of events) {
      assert.ok(event.type !== "notice" || event.message.startsWith("Model:"), JSON.stringify(event));
      if (event.type === "complete") values.push(event.value);
    }
  });
  const runs = await runsOf("sweeps");
  const parent = runs.find(({ info }) => info.run_name === "nested");
  assert.ok(parent !== undefined);
  assert.equal(parent.info.status, "FINISHED");
  assert.ok(parent.data.metrics.some(({ key }) => key === "winner_loss"));
  const trials = runs.filter(({ data }) => valueOf(data.tags, "mlflow.parentRunId") === parent.info.run_id);
  assert.deepEqual(trials.map(({ info }) => [info.run_name, info.status]).sort(), [
    ["trial-0", "FINISHED"],
    ["trial-1", "FINISHED"],
  ]);
  const logged = trials.map(({ data }) => data.metrics.find(({ key }) => key === "value")?.value).sort();
  assert.deepEqual(logged, [...values].sort());
  assert.ok(trials.every(({ data }) => data.metrics.some(({ key, step }) => key === "loss" && step === 4)));
});

/** A server that answers as `answer` decides, and remembers the requests. */
async function fakeServer(
  answer: (request: IncomingMessage, count: number) => number,
): Promise<{ uri: string; requests: string[]; authorizations: Set<string | undefined>; close: () => void }> {
  const requests: string[] = [];
  const authorizations = new Set<string | undefined>();
  const http = createServer((request, response) => {
    requests.push(request.url ?? "");
    authorizations.add(request.headers.authorization);
    request.resume().on("end", () => {
      response.statusCode = answer(request, requests.length);
      response.end(
        '{"message":"not now","experiment":{"experiment_id":"0"},"run":{"info":{"run_id":"r","artifact_uri":"x:/"}}}',
      );
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}`,
    requests,
    authorizations,
    close: () => http.closeAllConnections() ?? http.close(),
  };
}

test("a server that refuses or is gone costs one warning, and the training ends as without it", async () => {
  const refusing = await fakeServer(() => 401);
  const gone = "http://user:" + SECRET + "@127.0.0.1:1";
  for (const uri of [refusing.uri, gone]) {
    const events = await withEnvironment({ MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_TOKEN: SECRET }, () =>
      trainTiny(),
    );
    const warnings = events.filter((event) => event.type === "warning" && event.kind === "mlflow");
    assert.equal(warnings.length, 1);
    assert.equal(events.filter(({ type }) => type === "step").length, 4);
    assert.equal(events.at(-1)?.type, "end");
    assert.ok(!JSON.stringify(events).includes(SECRET));
  }
  assert.equal(refusing.requests.length, 1, "a refusal is not tried again");
  assert.deepEqual([...refusing.authorizations], [`Bearer ${SECRET}`]);
  refusing.close();
});

test("requests are tried again with limits, and numbers that could not be sent are sent later", async () => {
  const busy = await fakeServer((_, count) => (count <= 2 ? 503 : 200));
  const settings = mlflowSettings({ MLFLOW_TRACKING_URI: busy.uri });
  const client = new MlflowClient(settings, { pauses: [1, 1] });
  assert.equal(await client.experimentId(), "0");
  assert.equal(busy.requests.length, 3);
  const run = await MlflowRun.begin({ client, experimentId: "0" });
  run.metrics(1, { loss: 1, broken: NaN });
  await run.finish("FINISHED");
  assert.equal(run.takeNotice(), undefined);
  assert.equal(busy.requests.filter((url) => url.endsWith("log-batch")).length, 1);
  busy.close();
  const dead = await fakeServer(() => 500);
  await assert.rejects(
    new MlflowClient(mlflowSettings({ MLFLOW_TRACKING_URI: dead.uri }), { pauses: [1, 1] }).experimentId(),
    /answered 500/,
  );
  assert.equal(dead.requests.length, 3);
  dead.close();
});

test("numbers that are given up while others are sent are the oldest ones alone", async () => {
  const sent: number[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const http = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { metrics = [] } = JSON.parse(body) as { metrics?: { step: number }[] };
      for (const { step } of metrics) sent.push(step);
      const answer = (): unknown => response.end('{"run":{"info":{"run_id":"r","artifact_uri":"x:/"}}}');
      if (metrics.some(({ step }) => step === 0)) void held.then(answer);
      else answer();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const client = new MlflowClient(mlflowSettings({ MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` }));
  const run = await MlflowRun.begin({ client, experimentId: "0" });
  for (let step = 0; step <= 50_000; step++) run.metrics(step, { loss: 1 }); // the first is sent alone
  release();
  await run.finish("FINISHED");
  http.closeAllConnections();
  http.close();
  assert.equal(run.takeNotice(), undefined);
  assert.deepEqual(
    sent,
    Array.from({ length: 50_001 }, (_, step) => step),
  );
});

test("MLflow's variables: users, tokens and URIs without secrets; none is refused before anything is written", async () => {
  const basic = `Basic ${Buffer.from(`me:${SECRET}`).toString("base64")}`;
  const variables = { MLFLOW_TRACKING_URI: "https://host/base/" };
  const ofUser = { ...variables, MLFLOW_TRACKING_USERNAME: "me", MLFLOW_TRACKING_PASSWORD: SECRET };
  assert.equal(mlflowSettings(ofUser).authorization, basic);
  assert.equal(mlflowSettings({ ...ofUser, MLFLOW_TRACKING_TOKEN: "t" }).authorization, "Bearer t");
  const inUri = mlflowSettings({ MLFLOW_TRACKING_URI: `https://me:${SECRET}@host/base/` });
  assert.deepEqual([inUri.authorization, inUri.uri], [basic, "https://host/base"]);
  for (const uri of ["", "databricks", `file:///${SECRET}`])
    assert.throws(
      () => mlflowSettings({ MLFLOW_TRACKING_URI: uri }),
      (error) => error instanceof TsloraError && error.code === "bad-option" && !error.message.includes(SECRET),
    );
  await assert.rejects(
    withEnvironment({ MLFLOW_TRACKING_URI: "" }, () => trainTiny()),
    /needs MLFLOW_TRACKING_URI/,
  );
});

test("an adapter that cannot be sent costs one warning at the end", async () => {
  const fake = await fakeServer(() => 200);
  const missing = join(folder, "no", "temporary", "folder");
  const environment = { MLFLOW_TRACKING_URI: fake.uri, TMPDIR: missing, TMP: missing, TEMP: missing };
  const events = await withEnvironment(environment, () => trainTiny());
  fake.close();
  const warnings = events.flatMap((event) => (event.type === "warning" && event.kind === "mlflow" ? [event] : []));
  assert.deepEqual(
    warnings.map(({ message }) => message.split(": ", 2).join(": ")),
    ["The adapter could not be sent to MLflow: ENOENT"],
  );
  assert.equal(events.at(-1)?.type, "end");
});
