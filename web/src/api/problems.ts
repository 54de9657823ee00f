/** What a problem's code means, in the language of the interface; an unknown code shows the API's own words. */
import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { faultMessage } from "./faults";
import { ApiProblem } from "./problem";
import type { ProblemCode } from "./types";

const PROBLEMS: Record<ProblemCode | "offline", MessageDescriptor> = {
  offline: msg`The workshop does not answer. Check your connection and try again.`,
  unavailable: msg`The workshop cannot answer right now. Try again in a minute.`,
  internal: msg`The workshop has a problem of its own. Try again in a minute.`,
  not_found: msg`This is not here: it may have been removed, or it is private.`,
  not_signed_in: msg`Please sign in first.`,
  wrong_login: msg`This name and password do not match.`,
  wrong_password: msg`The current password is wrong.`,
  forbidden: msg`You may not do this.`,
  full_account_needed: msg`Guests may not do this: complete your account first.`,
  handle_taken: msg`This name is taken already.`,
  email_taken: msg`There is an account with this e-mail already.`,
  own_pipeline: msg`Nobody rates their own pipeline.`,
  pipeline_deleted: msg`This pipeline was deleted. It can be read, but no longer run or remixed.`,
  run_not_succeeded: msg`Only a run that succeeded can be published.`,
  run_published: msg`Withdraw the result first.`,
  model_gone: msg`A model of this version is not offered here any more.`,
  idempotency_conflict: msg`This request was sent before with other contents. Reload the page and try again.`,
  invalid: msg`Some fields need another look.`,
  too_large: msg`This is too large. A picture may have up to 4 MB, 16 megapixels and 8,192 pixels a side.`,
  not_a_picture: msg`This is no picture that can be read.`,
  unsupported_media_type: msg`Only PNG, JPEG and WebP pictures can be used.`,
  limit_reached: msg`The guests of your network have had their share of today. With a full account you can go on at once.`,
  run_not_failed: msg`Only a run that failed or was cancelled can go on.`,
  conflict: msg`Something has changed meanwhile. Reload the page and try again.`,
  bad_cursor: msg`This list has changed. Reload the page, please.`,
  malformed_body: msg`The request arrived damaged. Try again.`,
  method_not_allowed: msg`The page and the workshop do not fit each other. Reload the page, please.`,
  wrong_origin: msg`This call came from another site and was refused.`,
  error: msg`The workshop refused this request. Reload the page and try again.`,
};

/** Why a step failed. */
const FAILURES: Record<string, MessageDescriptor> = {
  gave_up: msg`Several workers stopped at this step, so it was not started again.`,
  worker_lost: msg`The worker was lost, and so were the tries after it.`,
  worker_error: msg`Something went wrong inside the worker.`,
  out_of_memory: msg`The worker ran out of memory at this step.`,
  bad_message: msg`The worker could not read the request for this step.`,
  other_version: msg`The worker is of another version and cannot read the request for this step.`,
  unknown_model: msg`The worker does not have the model of this step.`,
  model_unavailable: msg`The model of this step could not be loaded here.`,
  unfit_model: msg`The model cannot do this kind of step.`,
  empty_answer: msg`The model answered nothing. Another seed or other words may help.`,
  picture_missing: msg`The picture to start from does not exist any more.`,
  bad_picture: msg`The picture to start from cannot be read, or is too large.`,
  picture_too_large: msg`The picture would become too large.`,
  prompt_refused: msg`The prompt has words that are not allowed here. Use other words.`,
  picture_refused: msg`The safety check did not let the picture pass. Change the prompt or the seed.`,
  safety_unavailable: msg`The picture could not be checked, and none is shown unchecked here.`,
  prompt_empty: msg`The prompt is empty after the inputs were filled in.`,
  prompt_too_long: msg`The prompt became too long after the inputs were filled in.`,
  beyond_limits: msg`A setting of this step is outside of what its model does.`,
  too_costly: msg`This step asks for too much at once. Fewer pictures, fewer steps or smaller pictures help.`,
  cancelled: msg`This run was cancelled.`,
};

const MESSAGES: Record<string, MessageDescriptor> = { ...PROBLEMS, ...FAILURES };

/** Whether what was asked for does not exist, or not for the caller. */
export function isNotHere(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 404;
}

/** A sentence for people: by code, else by what the API said, else by status. */
export function problemMessage(error: unknown): string {
  if (!(error instanceof ApiProblem))
    return i18n._(msg`Something went wrong on this page. Reload it, please.`);
  return codeMessage(error.code, error.detail) || statusMessage(error.status);
}

/** The same for the `{code, detail}` of a failed run or task. */
export function codeMessage(code: string, detail: string): string {
  const known = Object.hasOwn(MESSAGES, code) ? MESSAGES[code] : undefined;
  return known ? i18n._(known) : detail;
}

function statusMessage(status: number): string {
  if (status >= 500) return i18n._(msg`The workshop has a problem of its own. Try again in a minute.`);
  return i18n._(msg`The workshop refused this request (${status}).`);
}

/** What is wrong by field, such as `inputs.subject` or `spec.steps.0.params.prompt`; empty for any other error. */
export function fieldProblems(error: unknown): Record<string, string> {
  if (!(error instanceof ApiProblem)) return {};
  return Object.fromEntries(
    error.faults.map((fault) => [fault.loc.join(".").replace(/^body\./, ""), faultMessage(fault)]),
  );
}
