/** What a problem's code means, in the language of the interface; an unknown code shows the API's own words. */
import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { ApiProblem } from "./problem";

const MESSAGES: Record<string, MessageDescriptor> = {
  offline: msg`The workshop does not answer. Check your connection and try again.`,
  unauthorized: msg`Please sign in first.`,
  bad_credentials: msg`This name and password do not match.`,
  forbidden: msg`You may not do this.`,
  not_found: msg`This is not here: it may have been removed, or it is private.`,
  handle_taken: msg`This name is taken already.`,
  email_taken: msg`There is an account with this e-mail already.`,
  upload_too_large: msg`The picture is too large: 4 MB is the limit.`,
  unsupported_media_type: msg`Only PNG, JPEG and WebP pictures can be used.`,
  prompt_too_long: msg`The prompt became too long after the inputs were filled in.`,
  no_worker: msg`No worker can run this model right now.`,
  http_429: msg`That was a little too fast. Wait a moment and try again.`,
};

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
