/** Where a run stands: its state, and while it waits its place, the reason and an estimate. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { codeMessage } from "@/api/problems";
import type { Run } from "@/api/types";
import { InputFacts, type InputShown } from "@/ui/InputFacts";
import { Progress } from "@/ui/Progress";
import { Notice } from "@/ui/State";
import { progressOf } from "./progress";
import styles from "./Run.module.css";
import { useStateNames } from "./useStateNames";
import { Waiting } from "./Waiting";

interface RunHeadProps {
  run: Run;
  title: string | undefined;
  inputs: InputShown[] | undefined;
}

export function RunHead({ run, title, inputs }: RunHeadProps) {
  const { t } = useLingui();
  const names = useStateNames();
  const active = run.state === "queued" || run.state === "running";
  return (
    <div className={styles.head}>
      <div>
        <h1 aria-live="polite">{names[run.state]}</h1>
        <p className={styles.soft}>
          <Link to="/pipelines/$id" params={{ id: run.pipeline }} search={{ version: run.version }}>
            {title ?? <Trans>Pipeline</Trans>}
          </Link>
          {" · "}
          <Trans>version {run.version}</Trans>
        </p>
      </div>
      {active && (
        <Progress value={run.state === "queued" ? null : progressOf(run)} label={t`Progress of the run`} />
      )}
      {active && run.queue && <Waiting place={run.queue} />}
      {run.error && <Notice tone="bad">{codeMessage(run.error.code, run.error.detail)}</Notice>}
      <InputFacts values={run.inputs} seed={run.seed} inputs={inputs} />
    </div>
  );
}
