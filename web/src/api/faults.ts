/** What a fault's code means, in the language of the interface; a code of a newer API shows the API's own words. */
import { i18n, type MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Fault } from "./types";

type Values = Fault["values"];
type Sentence = (values: Values) => MessageDescriptor;

const FILL_IN = msg`Please fill this in.`;
const SMALL_NAME = msg`Small Latin letters, digits and _ only, beginning with a letter.`;
const OLD_PAGE = msg`The page and the workshop do not fit each other. Reload the page, please.`;

const SENTENCES: Record<Fault["code"], Sentence> = {
  invalid: () => msg`This is not right.`,
  missing: () => FILL_IN,
  unknown_field: () => OLD_PAGE,
  unknown_parameter: () => OLD_PAGE,
  repeated_parameter: () => msg`This is given twice.`,
  wrong_type: () => msg`This is not of the kind that is needed here.`,
  not_one_of: (values) => oneOf(words(values.known)),
  below_minimum: (values) => atLeast(number(values.minimum)),
  above_maximum: (values) => atMost(number(values.maximum)),
  not_above: (values) => moreThan(number(values.limit)),
  not_below: (values) => lessThan(number(values.limit)),
  not_a_multiple: (values) => multipleOf(number(values.unit)),
  too_short: (values) => (values.minimum === 1 ? FILL_IN : atLeastCharacters(number(values.minimum))),
  too_long: (values) => atMostCharacters(number(values.maximum)),
  too_few_items: () => FILL_IN,
  too_many_items: (values) => atMost(number(values.maximum)),
  too_many_keys: () => OLD_PAGE,
  too_many_values: () => OLD_PAGE,
  too_deep: () => OLD_PAGE,
  blank: () => FILL_IN,
  nul_character: () => msg`There is a character in it that cannot be kept.`,
  not_unicode: () => msg`There is a character in it that cannot be kept.`,
  bad_id: () => msg`This address is not right.`,
  bad_time: () => msg`This time does not exist.`,
  bad_name: () => SMALL_NAME,
  bad_handle: () => msg`Small Latin letters, digits, - and _ only.`,
  bad_email: () => msg`This is no e-mail address.`,
  bad_tag: () => msg`A tag has no comma and no #.`,
  bad_idempotency_key: () => OLD_PAGE,
  bad_cursor: () => msg`This list has changed. Reload the page, please.`,
  bad_version: () => msg`There is no such version.`,
  reserved_handle: (values) => mustNotBeginWith(words(values.prefixes)),
  needed_for_full_account: () => FILL_IN,
  in_the_past: () => msg`This has to lie in the future.`,
  unknown_version: () => msg`There is no such version.`,
  outdated_version: () => msg`This version was saved under older rules. Make a new one from its prompts.`,
  unknown_input: () => msg`This version has no such input. Reload the page, please.`,
  missing_input: () => FILL_IN,
  unknown_picture: () => msg`This picture is no longer here, or not for you to use.`,
  unknown_cover: () => msg`This run did not make that picture.`,
  duplicate_name: (values) => twice(words(values.name)),
  malformed_reference: () => msg`Double braces hold one name, without spaces.`,
  unknown_reference: (values) => nothingBefore(reference(values)),
  later_reference: (values) => comesLater(reference(values)),
  picture_needed: (values) => isText(reference(values)),
  text_needed: (values) => isPicture(reference(values)),
  picture_reference_needed: () => msg`Choose the picture to start from.`,
  unknown_model: () => msg`This model is not offered here. Choose another one.`,
  unfit_model: () => msg`This model cannot do this kind of step. Choose another one.`,
  beyond_model: (values) => forModel(number(values.minimum), number(values.maximum)),
  length_beyond_model: (values) => charactersForModel(number(values.minimum), number(values.maximum)),
  fixed_by_model: (values) => onlyForModel(number(values.only)),
  no_effect_on_model: () => msg`This model takes none: leave it empty.`,
  too_costly: (values) => tooMuch(number(values.cost), number(values.maximum)),
};

// What the names in a message are called decides its key: one word for one thing, in both catalogues.
const oneOf = (known: string) => msg`One of these: ${known}.`;
const atLeast = (least: string) => msg`At least ${least}.`;
const atMost = (most: string) => msg`At most ${most}.`;
const moreThan = (limit: string) => msg`More than ${limit}.`;
const lessThan = (limit: string) => msg`Less than ${limit}.`;
const multipleOf = (unit: string) => msg`A multiple of ${unit}.`;
const atLeastCharacters = (least: string) => msg`At least ${least} characters.`;
const atMostCharacters = (most: string) => msg`At most ${most} characters.`;
const mustNotBeginWith = (start: string) => msg`It must not begin with ${start}.`;
const twice = (name: string) => msg`The name ${name} is used twice.`;
const nothingBefore = (name: string) => msg`Nothing before this step is called ${name}.`;
const comesLater = (name: string) => msg`${name} comes later: a step can only use what is before it.`;
const isText = (name: string) => msg`${name} is a text; a picture is needed here.`;
const isPicture = (name: string) => msg`${name} is a picture; a text is needed here.`;
const forModel = (least: string, most: string) => msg`From ${least} to ${most} for this model.`;
const charactersForModel = (least: string, most: string) =>
  msg`From ${least} to ${most} characters for this model.`;
const onlyForModel = (only: string) => msg`Only ${only} for this model.`;
const tooMuch = (price: string, most: string) =>
  msg`Too much at once (${price} of ${most}): fewer pictures, fewer steps or smaller pictures.`;

/** A sentence for people about one fault. */
export function faultMessage(fault: Fault): string {
  const known = Object.hasOwn(SENTENCES, fault.code) ? SENTENCES[fault.code] : undefined;
  return known ? i18n._(known(fault.values)) : fault.msg;
}

function reference(values: Values): string {
  return `{{${words(values.name)}}}`;
}

function words(value: Values[string] | undefined): string {
  return Array.isArray(value) ? value.join(", ") : String(value ?? "");
}

function number(value: Values[string] | undefined): string {
  return typeof value === "number" ? i18n.number(value) : words(value);
}
