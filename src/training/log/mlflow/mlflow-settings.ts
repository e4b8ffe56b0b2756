import { TsloraError } from "../../../base/tslora-error";

/** Where and how runs are logged to MLflow. */
export interface MlflowSettings {
  /** The server without user and password, without a slash at the end. */
  readonly uri: string;
  /** The header that authorizes requests. It is never shown. */
  readonly authorization: string | undefined;
  readonly experiment: string;
  /** A run's name; the server chooses one if there is none. */
  readonly runName: string | undefined;
}

/**
 * MLflow's own variables: MLFLOW_TRACKING_URI (http or https), MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and
 * MLFLOW_TRACKING_PASSWORD, or both in the URI; MLFLOW_EXPERIMENT_NAME; MLFLOW_RUN_NAME.
 *
 * @throws TsloraError `bad-option` if there is no URI, or it is none of a server
 */
export function mlflowSettings(environment: NodeJS.ProcessEnv = process.env): MlflowSettings {
  const given = environment.MLFLOW_TRACKING_URI ?? "";
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new TsloraError(
      "bad-option",
      `reportTo "mlflow" needs MLFLOW_TRACKING_URI, the URL of a server such as http://localhost:5000; got ${
        given === "" ? "none" : "another text"
      }. Start one with mlflow server.`,
    );
  const token = environment.MLFLOW_TRACKING_TOKEN ?? "";
  const user = environment.MLFLOW_TRACKING_USERNAME ?? decodeURIComponent(url.username);
  const password = environment.MLFLOW_TRACKING_PASSWORD ?? decodeURIComponent(url.password);
  const basic = user === "" ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return {
    uri: `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
    authorization: token === "" ? basic : `Bearer ${token}`,
    experiment: environment.MLFLOW_EXPERIMENT_NAME ?? "Default",
    runName: environment.MLFLOW_RUN_NAME,
  };
}
