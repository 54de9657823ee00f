/** What a pipeline is called, how it is described, and who may see it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { isGuest, useMe } from "@/api/accounts";
import type { PipelineDraft } from "@/api/pipelines";
import type { Visibility } from "@/api/types";
import { Field } from "@/ui/Field";
import styles from "./Editor.module.css";
import type { Faults } from "./faults";

interface AboutFieldsProps {
  about: PipelineDraft;
  faults: Faults;
  onChange: (about: PipelineDraft) => void;
}

export function AboutFields({ about, faults, onChange }: AboutFieldsProps) {
  const { t } = useLingui();
  const names: Record<Visibility, string> = {
    public: t`Everybody`,
    unlisted: t`Whoever has the link`,
    private: t`Only me`,
  };
  const { data: me } = useMe();
  const guest = Boolean(me && isGuest(me));
  const set = (part: Partial<PipelineDraft>) => onChange({ ...about, ...part });
  return (
    <div className={styles.group}>
      <Field label={<Trans>Title</Trans>} error={faults.title}>
        <input value={about.title} maxLength={200} onChange={({ target }) => set({ title: target.value })} />
      </Field>
      <Field
        label={<Trans>Description</Trans>}
        hint={<Trans>What it makes, and what a beginner can learn from it.</Trans>}
        error={faults.description}
      >
        <textarea
          rows={3}
          maxLength={4000}
          value={about.description}
          onChange={({ target }) => set({ description: target.value })}
        />
      </Field>
      <div className={styles.pair}>
        <Field label={<Trans>Tags, separated by commas</Trans>} error={firstTagFault(faults)}>
          <input
            defaultValue={about.tags.join(", ")}
            onChange={({ target }) => set({ tags: tagsOf(target.value) })}
          />
        </Field>
        {!guest && (
          <Field label={<Trans>Who can see it</Trans>} error={faults.visibility}>
            <select
              value={about.visibility ?? "public"}
              onChange={({ target }) => set({ visibility: target.value as Visibility })}
            >
              {(Object.keys(names) as Visibility[]).map((visibility) => (
                <option key={visibility} value={visibility}>
                  {names[visibility]}
                </option>
              ))}
            </select>
          </Field>
        )}
      </div>
    </div>
  );
}

export function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().replace(/^#/, "").toLowerCase());
  return [...new Set(tags.filter(Boolean))];
}

function firstTagFault(faults: Faults): string | undefined {
  return Object.entries(faults).find(([field]) => field.split(".")[0] === "tags")?.[1];
}
