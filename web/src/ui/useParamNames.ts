/** What a param is called in words; a param that is not known here goes by the title of its schema. */
import { useLingui } from "@lingui/react/macro";

export function useParamNames(): (param: string, title?: string) => string {
  const { t } = useLingui();
  const names: Record<string, string> = {
    prompt: t`Prompt`,
    system: t`Who the model should be`,
    negative_prompt: t`What to avoid`,
    image: t`Picture to start from`,
    max_tokens: t`Longest answer, in tokens`,
    temperature: t`Temperature (boldness)`,
    top_p: t`Top p (variety)`,
    width: t`Width, px`,
    height: t`Height, px`,
    denoise_steps: t`Denoising steps`,
    guidance: t`How closely to follow the prompt`,
    count: t`How many`,
    strength: t`How much to change`,
    factor: t`How many times larger`,
  };
  return (param, title) => (Object.hasOwn(names, param) ? (names[param] ?? param) : (title ?? param));
}
