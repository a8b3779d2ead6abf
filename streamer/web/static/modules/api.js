// Talks to the API: the session's token with every change, a key that makes repeats harmless,
// and errors as one kind of exception.

import { leave } from "./leaving.js";

const API = "/api/v1";
const WAIT_MS = 20_000;

/**
 * What the API has refused. `kind` is the word programs may rely on, `status` 0 = no answer,
 * `problem` all that was answered.
 */
export class ApiError extends Error {
  constructor(status, kind, detail, retryAfter, looksLike = []) {
    super(detail);
    this.looksLike = looksLike;
    this.problem = {};
    this.status = status;
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content;
}

async function refusal(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // A proxy in between may answer with something else.
  }
  const kind = String(problem.type ?? "").replace("urn:kirdi:problem:", "");
  const wait = Number(answer.headers.get("retry-after")) || null;
  const detail = problem.detail ?? answer.statusText;
  const error = new ApiError(answer.status, kind, detail, wait, problem.looks_like);
  error.problem = problem;
  return error;
}

/**
 * Send a request; returns the answer's JSON, or null where there is none.
 *
 * options: body (JSON), form (FormData), content (Blob), text (with its Content-Type among headers),
 * keepalive, key (Idempotency-Key), headers, signal, raw (the answer
 * itself), anonymous (a refused session does not lead to the sign-in page).
 */
export async function send(method, path, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  if (method !== "GET") {
    if (token()) {
      headers["X-CSRF-Token"] = token();
    }
    if (options.key !== null) {
      headers["Idempotency-Key"] = options.key ?? crypto.randomUUID();
    }
  }
  let body = options.form ?? options.text;
  if (options.content !== undefined) {
    headers["Content-Type"] = options.content.type;
    body = options.content;
  }
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.body);
  }
  let answer;
  try {
    const signal = options.signal ?? AbortSignal.timeout(options.waitMs ?? WAIT_MS);
    const url = path.startsWith("/") ? path : `${API}/${path}`;
    const { keepalive } = options;
    answer = await fetch(url, { method, headers, body, signal, keepalive, credentials: "same-origin" });
  } catch (error) {
    if (options.signal?.aborted) {
      throw error;
    }
    throw new ApiError(0, "away", "the service does not answer", null);
  }
  if (!answer.ok) {
    if (answer.status === 401 && !options.anonymous) {
      goToSignIn();
    }
    throw await refusal(answer);
  }
  if (options.raw) {
    return answer;
  }
  return answer.status === 204 ? null : answer.json();
}

/** Leave for the sign-in page: nothing of this one stays on the screen. */
export function goToSignIn() {
  const here = encodeURIComponent(location.pathname + location.search);
  leave(`/sign-in?return_to=${here}`);
}

export const get = (path, options) => send("GET", path, options);
export const post = (path, body, options) => send("POST", path, { body, ...options });
export const put = (path, body, options) => send("PUT", path, { body, ...options });
export const patch = (path, body, options) => send("PATCH", path, { body, ...options });
export const remove = (path, options) => send("DELETE", path, options);
