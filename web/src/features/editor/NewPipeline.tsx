/** Writes a pipeline from nothing. */
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useReducer, useState } from "react";
import { type PipelineDraft, useCreatePipeline } from "@/api/pipelines";
import type { Kind, Model } from "@/api/types";
import { useAccountGate } from "@/ui/accountGate";
import { Button } from "@/ui/Button";
import { AboutFields } from "./AboutFields";
import { change, emptyDraft, specOf } from "./draft";
import styles from "./Editor.module.css";
import { FaultSummary } from "./FaultSummary";
import { faultsOf } from "./faults";
import { SpecEditor } from "./SpecEditor";

const BLANK: PipelineDraft = { title: "", description: "", tags: [] };

export function NewPipeline({ kinds, models }: { kinds: Kind[]; models: Model[] }) {
  const ask = useAccountGate();
  const create = useCreatePipeline();
  const navigate = useNavigate();
  const [about, setAbout] = useState(BLANK);
  const [draft, dispatch] = useReducer(change, undefined, emptyDraft);
  const faults = faultsOf(create.error);
  const save = (event: FormEvent) => {
    event.preventDefault();
    ask(() =>
      create.mutate(
        { ...about, spec: specOf(draft) },
        { onSuccess: ({ id }) => void navigate({ to: "/pipelines/$id", params: { id } }) },
      ),
    );
  };
  return (
    <form className={styles.editor} onSubmit={save} noValidate>
      <AboutFields about={about} faults={faults} onChange={setAbout} />
      <SpecEditor draft={draft} dispatch={dispatch} faults={faults} kinds={kinds} models={models} />
      <FaultSummary error={create.error} />
      <div className={styles.buttons}>
        <Button
          type="submit"
          look="main"
          busy={create.isPending}
          disabled={draft.steps.length === 0 || !about.title.trim()}
        >
          <Trans>Save the pipeline</Trans>
        </Button>
      </div>
    </form>
  );
}
