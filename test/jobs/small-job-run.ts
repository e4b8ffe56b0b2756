/** Runs a small job of a store, as `tslora job run STORE NAME` does. */
import { runStoredJob } from "../../src/jobs/run-stored-job";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { SMALL_CODE } from "./small-job";

async function main(): Promise<void> {
  const [place, name] = process.argv.slice(2);
  const controller = new AbortController();
  process.once("SIGTERM", () => controller.abort());
  const store = await FolderStore.open(place);
  const outcome = await runStoredJob(name, { store, signal: controller.signal, code: SMALL_CODE });
  console.log(JSON.stringify(outcome));
}

void main();
