/** Writes a pipeline from nothing. */
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useReducer, useState } from "react";
import { type PipelineDraft, useCreatePipeline } from "@/api/pipelines";
import type { Kind, Model, Pipeline } from "@/api/types";
import { useAccountGate } from "@/ui/accountGate";
import { Button } from "@/ui/Button";
import { AboutFields } from "./AboutFields";
import { change, type Draft, emptyDraft, specOf } from "./draft";
import styles from "./Editor.module.css";
import { FaultSummary } from "./FaultSummary";
import { faultsOf } from "./faults";
import { SpecEditor } from "./SpecEditor";

interface Written {
  about: PipelineDraft;
  draft: Draft;
}

/** Where what is being written is kept while the tab lives: neither signing in nor a wrong press may cost it. */
const KEPT = "atelier.new";

function written(): Written {
  const blank = { about: { title: "", description: "", tags: [] }, draft: emptyDraft() };
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") ?? blank;
}

export function NewPipeline({ kinds, models }: { kinds: Kind[]; models: Model[] }) {
  const ask = useAccountGate();
  const create = useCreatePipeline();
  const navigate = useNavigate();
  const [begun] = useState(written);
  const [about, setAbout] = useState(begun.about);
  const [draft, dispatch] = useReducer(change, begun.draft);
  useEffect(() => sessionStorage.setItem(KEPT, JSON.stringify({ about, draft })), [about, draft]);
  const faults = faultsOf(create.error);
  const done = ({ id }: Pipeline) => {
    sessionStorage.removeItem(KEPT);
    void navigate({ to: "/pipelines/$id", params: { id } });
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    ask(() => create.mutate({ ...about, spec: specOf(draft) }, { onSuccess: done }));
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
