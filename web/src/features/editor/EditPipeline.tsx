/** Changes one's own pipeline: a new version of its steps, and apart from that what it says about itself. */
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useReducer, useState } from "react";
import { type PipelineDraft, useDeletePipeline, useDescribePipeline, useSaveVersion } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import type { Kind, Model, Pipeline } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/State";
import { AboutFields } from "./AboutFields";
import { change, draftOf, specOf } from "./draft";
import styles from "./Editor.module.css";
import { FaultSummary } from "./FaultSummary";
import { faultsOf } from "./faults";
import { SpecEditor } from "./SpecEditor";

interface EditPipelineProps {
  pipeline: Pipeline;
  kinds: Kind[];
  models: Model[];
}

export function EditPipeline({ pipeline, kinds, models }: EditPipelineProps) {
  return (
    <div className={styles.editor}>
      <VersionForm pipeline={pipeline} kinds={kinds} models={models} />
      <AboutForm pipeline={pipeline} />
      <DeletePipeline pipeline={pipeline} />
    </div>
  );
}

function VersionForm({ pipeline, kinds, models }: EditPipelineProps) {
  const saveVersion = useSaveVersion(pipeline.id);
  const navigate = useNavigate();
  const [draft, dispatch] = useReducer(change, pipeline.version.spec, draftOf);
  const [note, setNote] = useState("");
  const save = (event: FormEvent) => {
    event.preventDefault();
    saveVersion.mutate(
      { spec: specOf(draft), note: note.trim() },
      { onSuccess: () => void navigate({ to: "/pipelines/$id", params: { id: pipeline.id } }) },
    );
  };
  return (
    <form className={styles.spec} onSubmit={save} noValidate>
      <SpecEditor
        draft={draft}
        dispatch={dispatch}
        faults={faultsOf(saveVersion.error)}
        kinds={kinds}
        models={models}
      />
      <Field
        label={<Trans>What is new in this version</Trans>}
        hint={<Trans>A note for those who use it.</Trans>}
      >
        <input value={note} maxLength={500} onChange={({ target }) => setNote(target.value)} />
      </Field>
      <FaultSummary error={saveVersion.error} />
      <div className={styles.buttons}>
        <Button type="submit" look="main" busy={saveVersion.isPending} disabled={draft.steps.length === 0}>
          <Trans>Save as version {pipeline.version.number + 1}</Trans>
        </Button>
      </div>
    </form>
  );
}

function AboutForm({ pipeline }: { pipeline: Pipeline }) {
  const describe = useDescribePipeline(pipeline.id);
  const { title, description, tags, visibility } = pipeline;
  const [about, setAbout] = useState<PipelineDraft>({ title, description, tags });
  const save = (event: FormEvent) => {
    event.preventDefault();
    describe.mutate(about);
  };
  return (
    <form className={styles.group} onSubmit={save} noValidate>
      <h2>
        <Trans>About it</Trans>
      </h2>
      <AboutFields about={{ visibility, ...about }} faults={faultsOf(describe.error)} onChange={setAbout} />
      <FaultSummary error={describe.error} />
      {describe.isSuccess && (
        <Notice tone="good">
          <Trans>Saved.</Trans>
        </Notice>
      )}
      <div className={styles.buttons}>
        <Button type="submit" busy={describe.isPending}>
          <Trans>Save</Trans>
        </Button>
      </div>
    </form>
  );
}

function DeletePipeline({ pipeline }: { pipeline: Pipeline }) {
  const remove = useDeletePipeline(pipeline.id);
  const navigate = useNavigate();
  return (
    <details>
      <summary>
        <Trans>Delete this pipeline</Trans>
      </summary>
      <div className={styles.group}>
        <p className={styles.soft}>
          <Trans>
            It leaves all lists and cannot run any more. Versions that others built on stay readable, without
            your name.
          </Trans>
        </p>
        {remove.isError && <Notice tone="bad">{problemMessage(remove.error)}</Notice>}
        <div className={styles.buttons}>
          <Button
            look="danger"
            busy={remove.isPending}
            onClick={() => remove.mutate(undefined, { onSuccess: () => void navigate({ to: "/pipelines" }) })}
          >
            <Trans>Delete for good</Trans>
          </Button>
        </div>
      </div>
    </details>
  );
}
