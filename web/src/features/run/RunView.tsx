/** A run as it goes: its state in words, then each step with what it has made so far. */
import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import type { Run } from "@/api/types";
import type { InputShown } from "@/ui/InputFacts";
import styles from "./Run.module.css";
import { RunHead } from "./RunHead";
import { TaskCard } from "./TaskCard";

interface RunViewProps {
  run: Run;
  title: string | undefined;
  /** The inputs of the version that runs, once they are known. */
  inputs: InputShown[] | undefined;
  actions: ReactNode;
}

export function RunView({ run, title, inputs, actions }: RunViewProps) {
  return (
    <>
      <RunHead run={run} title={title} inputs={inputs} />
      <div className={styles.actions}>{actions}</div>
      <h2 className={styles.stepsTitle}>
        <Trans>Steps</Trans>
      </h2>
      <ol className={styles.steps}>
        {run.tasks.map((task, index) => (
          <TaskCard key={task.step} task={task} place={index + 1} />
        ))}
      </ol>
    </>
  );
}
